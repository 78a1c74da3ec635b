using System.Globalization;
using XenBlock.Profiling;
using XenBlock.Protocol;

namespace XenBlock.Tracing;

/// <summary>
/// How a disk is set up, as its backend publishes it for tracers, and what of it a tracer takes: it is a peer's text.
/// </summary>
internal static class KnobWords
{
    private const int LengthMax = 128;
    private static readonly string[] _accesses = ["map", "batch", "persistent", "copy", "auto"];

    /// <summary>Five numbers behind the way to reach pages; empty for an end that does not know.</summary>
    public static string Format(DiskKnobs? knobs) => knobs is null
        ? ""
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{knobs.Access} {knobs.QueueCount} {knobs.SlotCount} {knobs.SegmentsMax} {(knobs.MergesRequests ? 1 : 0)} "
                + $"{(knobs.StoreIsPipelined ? 1 : 0)}");

    /// <summary>What a peer published; null if it makes no sense, or is not there.</summary>
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
