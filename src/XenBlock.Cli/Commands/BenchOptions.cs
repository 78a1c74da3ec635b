using System.CommandLine;
using XenBlock.Cli.Bench;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Profiling;

namespace XenBlock.Cli.Commands;

/// <summary>The options of <c>xenblk bench</c>, and what they mean together.</summary>
internal sealed class BenchOptions
{
    private const string AllAccesses = "all";
    private const long QuickImageBytes = 64 << 20;
    private const long FullImageBytes = 256 << 20;
    private static readonly TimeSpan s_quickTime = TimeSpan.FromSeconds(9);
    private static readonly TimeSpan s_fullTime = TimeSpan.FromSeconds(150);

    private readonly Option<string?> _image = new("--image")
    {
        Description = "Your own image or block device; only read, unless --overwrite. Default: a temporary image.",
        HelpName = "FILE",
    };

    private readonly Option<bool> _overwrite = new("--overwrite")
    {
        Description = "Measure writing on --image too. What is in it is lost.",
    };

    private readonly Option<string?> _size = new("--size")
    {
        Description = "Size of the temporary image, or how much of --image to use. Default: 256M; 64M with --quick.",
        HelpName = "SIZE",
    };

    private readonly Option<bool> _quick = new("--quick")
    {
        Description = "Four sizes instead of nine, fewer and shorter repeats: within twenty seconds.",
    };

    private readonly Option<string?> _out = new("--out")
    {
        Description = "Write report.json and report.html into this directory; it is made if it is not there.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _model = new("--model")
    {
        Description = "Put a model of a device behind the disk, in real time, and compare.",
    };

    private readonly Option<string> _trace = new("--trace")
    {
        Description = "phases: trace every point once more after it was measured, and say where the time of its "
            + "requests went and what holds them back; with --out, the trace too, for babeltrace2, Perfetto and btt. "
            + "full: in it also each grant call, merged requests, and when threads sleep.",
        HelpName = "off|phases|full",
        DefaultValueFactory = _ => "off",
    };

    private readonly Option<string> _access = new("--access")
    {
        Description = "How the backend reaches the pages of a request; all compares the ways, from 4K to 1M.",
        DefaultValueFactory = _ => "map",
    };

    private readonly Option<string> _grants = new("--grants")
    {
        Description = "How the embedded machine maps: mmap for real, table at no cost.",
        DefaultValueFactory = _ => "mmap",
    };

    private readonly Option<string> _store = new("--store")
    {
        Description = "What is behind the disk.",
        DefaultValueFactory = _ => "file",
    };

    private readonly Option<int> _processes = new("--processes")
    {
        Description = "1, or 2 for a backend in a process of its own.",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<string[]> _sizes =
        ListOption("--sizes", "SIZE,...", "Sizes of one operation, as 4K,44K,1M.");

    private readonly Option<string[]> _depths =
        ListOption("--depths", "N,...", "Operations under way at once.");

    private readonly Option<string[]> _modes = ListOption("--modes", "MODE,...", "direct, indirect32, indirect256.");

    private readonly Option<string> _pattern = new("--pattern")
    {
        Description = "Where the next operation goes.",
        DefaultValueFactory = _ => "sequential",
    };

    private readonly Option<string?> _only = new("--only") { Description = "Only reading, or only writing." };

    private readonly Option<double?> _seconds = new("--seconds")
    {
        Description = "How long one measurement of one point lasts.",
        HelpName = "S",
    };

    private readonly Option<int?> _repeats = new("--repeats")
    {
        Description = "How often each point is measured; the table shows medians. Default: 5; 3 with --quick.",
        HelpName = "N",
    };

    private readonly Option<bool> _noVerify = new("--no-verify") { Description = "Do not check the data first." };

    private readonly Option<bool> _noBaselines = new("--no-baselines")
    {
        Description = "Do not measure the file itself beside the disk.",
    };

    /// <summary>Puts the options on a command.</summary>
    public void AddTo(Command command)
    {
        _model.AcceptOnlyFromAmong("sd2014");
        _access.AcceptOnlyFromAmong([.. CommonOptions.AccessWords, AllAccesses]);
        _grants.AcceptOnlyFromAmong("mmap", "table");
        _trace.AcceptOnlyFromAmong("off", "phases", "full");
        _store.AcceptOnlyFromAmong("file", "memory", "null");
        _pattern.AcceptOnlyFromAmong("sequential", "random");
        _only.AcceptOnlyFromAmong("read", "write");
        foreach (Option option in (Option[])
            [
                _quick, _image, _overwrite, _size, _out, _trace, _model, _access, _grants, _store, _processes, _sizes,
                _depths, _modes, _pattern, _only, _seconds, _repeats, _noVerify, _noBaselines,
            ])
            command.Options.Add(option);
    }

    /// <summary>Where to write the report, made and writable; null for nowhere.</summary>
    public string? OutDirectory(ParseResult result)
    {
        if (result.GetValue(_out) is not { } directory)
            return null;
        try
        {
            return Directory.CreateDirectory(directory).FullName;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(
                $"Cannot make the directory {directory}: {exception.Message.TrimEnd('.')}; name another for --out.");
        }
    }

    /// <summary>Settings for a disk that a domain has, or what is wrong.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="vdev">The disk.</param>
    public BenchSettings ToSettings(ParseResult result, string vdev)
    {
        Option[] foreign = [_image, _model, _grants, _store, _processes, _trace];
        if (foreign.FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is { } wrong)
        {
            throw new UsageException(
                $"{wrong.Name} is for a machine that bench makes itself, and {vdev} is a disk that is there; "
                    + "leave one of the two out.");
        }

        IReadOnlyList<AccessChoice> accesses = result.GetResult(_access) is { Implicit: false }
            ? Accesses(result)
            : [AccessChoice.Persistent];
        if (accesses is not [AccessChoice.Map or AccessChoice.Persistent])
        {
            throw new UsageException(
                $"--access {result.GetValue(_access)} is the choice of the backend of {vdev}; here it is map or "
                    + "persistent.");
        }

        // The disk stands where an image of the user's would: its content is not ours to lose.
        BenchSettings settings = ToSettings(result, vdev, result.GetValue(_overwrite)) with
        {
            Accesses = accesses,
            HasBaselines = false,
            ComparesGranted = false,
        };
        if (result.GetValue(_size) is null)
            settings = settings with { ImageSizeBytes = long.MaxValue };
        return Timed(settings, result.GetValue(_seconds), settings.IsQuick ? s_quickTime : s_fullTime);
    }

    /// <summary>Makes settings of it, or says what is wrong.</summary>
    public BenchSettings ToSettings(ParseResult result)
    {
        bool isQuick = result.GetValue(_quick);
        BenchSettings settings = ToSettings(result, result.GetValue(_image), result.GetValue(_overwrite));
        settings = result.GetValue(_model) is null ? settings : ModelRun.Adapt(settings);
        if (result.GetRequiredValue(_trace) is not "off")
            settings = Traced(result, settings);
        return Timed(settings, result.GetValue(_seconds), isQuick ? s_quickTime : s_fullTime);
    }

    private BenchSettings Traced(ParseResult result, BenchSettings settings)
    {
        if (settings.Processes != 1 || settings.Store == StoreChoice.Sd2014)
            throw new UsageException("--trace needs both ends in one process, and no --model.");
        return settings with
        {
            Traces = true,
            TraceLevel = result.GetRequiredValue(_trace) is "full" ? TraceLevel.Full : TraceLevel.Phases,
        };
    }

    private BenchSettings ToSettings(ParseResult result, string? image, bool mayOverwrite)
    {
        bool isQuick = result.GetValue(_quick);
        bool comparesAccesses = Accesses(result).Count > 1;
        return new BenchSettings
        {
            ImagePath = image,
            MayOverwrite = mayOverwrite,
            ImageSizeBytes = ImageSize(result, isQuick),
            Store = Enum.Parse<StoreChoice>(result.GetRequiredValue(_store), ignoreCase: true),
            Accesses = Accesses(result),
            Grants = Enum.Parse<GrantsChoice>(result.GetRequiredValue(_grants), ignoreCase: true),
            Processes = result.GetValue(_processes) is 1 or 2
                ? result.GetValue(_processes)
                : throw new UsageException("--processes is 1 or 2."),
            SizesBytes = Sizes(result, isQuick, comparesAccesses),
            Depths = Depths(result, comparesAccesses),
            Modes = Modes(result, comparesAccesses),
            Operations = Operations(result, canWrite: image is null || mayOverwrite),
            Pattern = Enum.Parse<AccessPattern>(result.GetRequiredValue(_pattern), ignoreCase: true),
            Repeats = result.GetValue(_repeats) switch
            {
                null => isQuick ? 3 : 5,
                > 0 and <= 1000 and { } repeats => repeats,
                _ => throw new UsageException("--repeats is 1 to 1000."),
            },
            IsQuick = isQuick,
            HasBaselines = !result.GetValue(_noBaselines),
            Verifies = !result.GetValue(_noVerify),
            ComparesGranted = !comparesAccesses
                && !result.GetValue(_noBaselines)
                && result.GetValue(_sizes) is not { Length: > 0 },
        };
    }

    private static BenchSettings Timed(BenchSettings settings, double? seconds, TimeSpan time)
    {
        if (seconds is not (null or (> 0 and <= 3600)))
            throw new UsageException("--seconds is more than 0, and at most 3600.");
        if (seconds is { } length)
            return settings with { SampleLength = TimeSpan.FromSeconds(length), Budget = TimeSpan.MaxValue };
        if (settings.Store == StoreChoice.Sd2014)
            return settings;
        int points = BenchPlan.Points(settings).Count;
        int baselines = BenchRunner.Baselines(settings).Count();
        return settings with
        {
            SampleLength = BenchPlan.SampleLengthFor(points, baselines, settings.Repeats, time),
            Budget = time * 1.2,
        };
    }

    private long ImageSize(ParseResult result, bool isQuick)
    {
        if (result.GetValue(_size) is not { } text)
            return isQuick ? QuickImageBytes : FullImageBytes;
        if (!ByteSize.TryParse(text, out long bytes) || bytes < 8 << 20 || bytes % 4096 != 0)
            throw new UsageException($"--size {text} is not at least 8M in whole pages; say it as 256M or 1G.");
        return bytes;
    }

    private IReadOnlyList<AccessChoice> Accesses(ParseResult result) => result.GetRequiredValue(_access) is var word
        && string.Equals(word, AllAccesses, StringComparison.Ordinal)
            ? [AccessChoice.Map, AccessChoice.Batch, AccessChoice.Copy, AccessChoice.Persistent, AccessChoice.Auto]
            : [Enum.Parse<AccessChoice>(word, ignoreCase: true)];

    private IReadOnlyList<int> Sizes(ParseResult result, bool isQuick, bool comparesAccesses)
    {
        if (Words(result, _sizes) is not { Count: > 0 } words)
        {
            return (isQuick, comparesAccesses) switch
            {
                (true, true) => BenchPlan.QuickAccessSizesBytes,
                (false, true) => BenchPlan.AccessSizesBytes,
                (true, false) => BenchPlan.QuickSizesBytes,
                _ => BenchPlan.FullSizesBytes,
            };
        }

        return [.. words.Select(word =>
            ByteSize.TryParse(word, out long bytes) && bytes is >= 512 and <= 8 << 20 && bytes % 512 == 0
                ? (int)bytes
                : throw new UsageException(
                    $"--sizes {word} is not 512 bytes to 8M in whole sectors; say it as 4K,44K,1M."))];
    }

    private IReadOnlyList<int> Depths(ParseResult result, bool comparesAccesses) =>
        Words(result, _depths) is not { Count: > 0 } words
        ? comparesAccesses ? BenchPlan.AccessDepths : BenchPlan.UsualDepths
        : [.. words.Select(word => int.TryParse(word, out int depth) && depth is >= 1 and <= 256
            ? depth
            : throw new UsageException($"--depths {word} is not a number from 1 to 256; say it as 1,2,32."))];

    // One request carries up to 1 MiB: so it is the ways to reach its pages that differ, and nothing else.
    private IReadOnlyList<TransferMode> Modes(ParseResult result, bool comparesAccesses) =>
        Words(result, _modes) is not { Count: > 0 } words
        ? comparesAccesses ? [TransferMode.Indirect256] : TransferMode.All
        : [.. words.Distinct(StringComparer.Ordinal).Select(word => word switch
        {
            "direct" => TransferMode.Direct,
            "indirect32" => TransferMode.Indirect32,
            "indirect256" => TransferMode.Indirect256,
            _ => throw new UsageException($"--modes {word} is not one of direct, indirect32, indirect256."),
        })];

    private IReadOnlyList<BenchOperation> Operations(ParseResult result, bool canWrite)
    {
        string? only = result.GetValue(_only);
        if (only is "write" && !canWrite)
            throw new UsageException("Writing loses what is in the disk; add --overwrite if that is meant.");
        return only switch
        {
            "read" => [BenchOperation.Read],
            "write" => [BenchOperation.Write],
            _ => canWrite ? [BenchOperation.Read, BenchOperation.Write] : [BenchOperation.Read],
        };
    }

    private static List<string> Words(ParseResult result, Option<string[]> option) =>
        [.. (result.GetValue(option) ?? []).SelectMany(
            text => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    private static Option<string[]> ListOption(string name, string helpName, string description) => new(name)
    {
        Description = description,
        HelpName = helpName,
    };
}
