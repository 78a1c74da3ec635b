using System.Globalization;
using XenBlock.Cli.Output;
using XenBlock.Hypervisor;

namespace XenBlock.Appliance;

/// <summary>What to do, from the kernel's command line: appliance.disk=xvda appliance.sizes=4K,1M ...</summary>
internal sealed record JobOptions
{
    private const string Prefix = "appliance.";

    /// <summary>The disk to measure.</summary>
    public string Disk { get; init; } = "xvda";

    /// <summary>The disk that the report goes to; "none" for none.</summary>
    public string ReportDisk { get; init; } = "xvdb";

    /// <summary>True if somebody named the report's disk, so that it must be there.</summary>
    public bool IsReportNamed { get; init; }

    /// <summary>What the disk's SHA-256 must be; null not to ask.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Sizes of one operation.</summary>
    public IReadOnlyList<int> SizesBytes { get; init; } = [4 << 10, 64 << 10, 1 << 20];

    /// <summary>Operations under way at once.</summary>
    public IReadOnlyList<int> Depths { get; init; } = [1, 8];

    /// <summary>How long one point is measured.</summary>
    public TimeSpan Length { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>True to measure writing too: what is on the disk is lost.</summary>
    public bool Writes { get; init; }

    /// <summary>Reads a kernel command line; words that are not ours are the kernel's.</summary>
    /// <exception cref="XenBlockException">A word of ours makes no sense.</exception>
    public static JobOptions Parse(string commandLine)
    {
        JobOptions options = new();
        foreach (string word in commandLine.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            if (word.StartsWith(Prefix, StringComparison.Ordinal))
            {
                string[] parts = word[Prefix.Length..].Split('=', 2);
                options = options.With(word, parts[0], parts.ElementAtOrDefault(1) ?? "");
            }
        }

        return options;
    }

    private JobOptions With(string word, string name, string value) => name switch
    {
        "disk" when value.Length > 0 => this with { Disk = value },
        "report" when value.Length > 0 => this with { ReportDisk = value, IsReportNamed = value is not "none" },
        "sha256" when value.Length == 64 => this with { Sha256 = value.ToLowerInvariant() },
        "sizes" => this with { SizesBytes = [.. value.Split(',').Select(text => Size(word, text))] },
        "depths" => this with { Depths = [.. value.Split(',').Select(text => (int)Number(word, text, 1, 256))] },
        "seconds" => this with { Length = TimeSpan.FromSeconds(Number(word, value, 0.001, 3600)) },
        "write" when value is "yes" or "no" => this with { Writes = value is "yes" },
        _ => throw Wrong(word),
    };

    private static int Size(string word, string text) =>
        ByteSize.TryParse(text, out long bytes) && bytes is >= 4096 and <= 8 << 20 && bytes % 4096 == 0
            ? (int)bytes
            : throw Wrong(word);

    private static double Number(string word, string text, double least, double most) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
        && number >= least && number <= most
            ? number
            : throw Wrong(word);

    private static XenBlockException Wrong(string word) => new(
        XenBlockErrorKind.InvalidArgument,
        $"{word} on the kernel's command line makes no sense; it may hold {Prefix}disk=VDEV, report=VDEV or none, "
            + "sha256=64 hexadecimal digits, sizes=4K,1M (whole pages, at most 8M), depths=1,8 (at most 256), "
            + "seconds=0.5, write=yes or no");
}
