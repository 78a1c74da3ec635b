using System.Globalization;
using XenBlock.Profiling;
using XenBlock.Protocol;

namespace XenBlock.Tracing;

/// <summary>
/// What a process that may be traced publishes in XenStore (docs/decisions/0015-tracing-from-outside.md), and what of
/// it a tracer takes at most: it is a peer's text.
/// </summary>
internal static class TraceKeys
{
    /// <summary>The layout of the nodes and of the pages; a tracer leaves others alone.</summary>
    public const string Version = "1";

    public const string VersionKey = "version";
    public const string ClockKey = "clock";
    public const string ProcessKey = "process";
    public const string LevelKey = "level";
    public const string RecordersKey = "recorder";
    public const string SideKey = "side";
    public const string DiskKey = "disk";
    public const string QueueKey = "queue";
    public const string ReferencesKey = "ring-ref";
    public const string KnobsKey = "knobs";
    public const string SpinKey = "spin-us";
    public const string LevelOff = "off";
    public const string LevelPhases = "phases";

    /// <summary>The most processes of a domain that a tracer looks at.</summary>
    public const int ProcessesMax = 32;

    /// <summary>The most recorders of a process.</summary>
    public const int RecordersMax = 64;

    /// <summary>The most pages of a recorder: as many references as fit into a node with room to spare.</summary>
    public const int PagesMax = 257;

    /// <summary>The fewest: a page of control and two of packets.</summary>
    public const int PagesMin = 3;

    private const int ClockLengthMax = 64;

    /// <summary>Where the processes of a domain have their directories, each by the name of its trace.</summary>
    public static string Root(DomainId domain) => $"{VbdPaths.Domain(domain)}/data/xenblk-trace";

    /// <summary>The word for an end.</summary>
    public static string WordOf(TraceSide side) => side == TraceSide.Frontend ? "frontend" : "backend";

    /// <summary>References as they are published: decimal, with commas.</summary>
    public static string Format(ReadOnlySpan<GrantReference> references)
    {
        var words = new string[references.Length];
        for (int i = 0; i < words.Length; i++)
            words[i] = references[i].Value.ToString(CultureInfo.InvariantCulture);
        return string.Join(',', words);
    }

    /// <summary>References that a peer published; null if they make no sense.</summary>
    public static GrantReference[]? ParseReferences(string? text)
    {
        if (text is null || text.Length > PagesMax * 11) return null;
        string[] words = text.Split(',', PagesMax + 1);
        if (words.Length is < PagesMin or > PagesMax) return null;
        var references = new GrantReference[words.Length];
        for (int i = 0; i < words.Length; i++)
        {
            if (!uint.TryParse(words[i], NumberStyles.None, CultureInfo.InvariantCulture, out uint number)) return null;
            references[i] = new GrantReference(number);
        }

        return references;
    }

    /// <summary>A clock's name that a peer published; null if it is none.</summary>
    public static string? ParseClock(string? text) =>
        text is { Length: > 0 and <= ClockLengthMax } && text.All(static letter => char.IsAsciiHexDigit(letter)
            || letter == '-')
            ? text
            : null;
}
