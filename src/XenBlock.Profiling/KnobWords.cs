using System.Globalization;
using XenBlock.Protocol;

namespace XenBlock.Profiling;

/// <summary>
/// How a disk is set up, as its ends publish it for tracers and a folder of records keeps it, and what of it is taken:
/// it is a peer's text.
/// </summary>
public static class KnobWords
{
    private const int LengthMax = 128;
    private const int SpinUsMax = 10_000;
    private static readonly string[] _accesses = ["map", "batch", "persistent", "copy", "auto"];

    /// <summary>How long an end looks for the other; empty for one that does not say.</summary>
    /// <param name="spinUs">Microseconds.</param>
    public static string FormatSpin(int? spinUs) => spinUs?.ToString(CultureInfo.InvariantCulture) ?? "";

    /// <summary>What a peer published of that; null if it makes no sense, or is not there.</summary>
    /// <param name="text">The words.</param>
    public static int? ParseSpin(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int us) && us <= SpinUsMax ? us : null;

    /// <summary>Five numbers behind the way to reach pages; empty for an end that does not know.</summary>
    /// <param name="knobs">How it is set up.</param>
    public static string Format(DiskKnobs? knobs) => knobs is null
        ? ""
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{knobs.Access} {knobs.QueueCount} {knobs.SlotCount} {knobs.SegmentsMax} {(knobs.MergesRequests ? 1 : 0)} "
                + $"{(knobs.StoreIsPipelined ? 1 : 0)}");

    /// <summary>What a peer published; null if it makes no sense, or is not there.</summary>
    /// <param name="text">The words.</param>
    public static DiskKnobs? Parse(string? text)
    {
        if (text is null || text.Length > LengthMax) return null;
        string[] words = text.Split(' ');
        if (words.Length != 6 || !_accesses.Contains(words[0], StringComparer.Ordinal)) return null;
        var numbers = new int[words.Length];
        for (int i = 1; i < words.Length; i++)
        {
            if (!int.TryParse(words[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i])) return null;
        }

        bool isPossible = numbers[1] is >= 1 and <= ProtocolConstants.QueuesMax
            && numbers[2] is >= 1 and <= SlotsMax
            && numbers[3] is >= 1 and <= ProtocolConstants.IndirectSegmentsMax
            && numbers[4] <= 1
            && numbers[5] <= 1;
        return !isPossible ? null : new DiskKnobs
        {
            Access = words[0],
            QueueCount = numbers[1],
            SlotCount = numbers[2],
            SegmentsMax = numbers[3],
            MergesRequests = numbers[4] == 1,
            StoreIsPipelined = numbers[5] == 1,
        };
    }

    // No slot is smaller than 64 bytes, so that many fit into the largest ring.
    private const int SlotsMax = (4096 / 64) << ProtocolConstants.RingPageOrderMax;
}
