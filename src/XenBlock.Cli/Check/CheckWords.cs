using System.CommandLine;
using XenBlock.Cli.CommandLine;
using XenBlock.Conformance;

namespace XenBlock.Cli.Check;

/// <summary>The options that the commands of a check share. One a command, because an option belongs to its
/// command.</summary>
internal sealed class CheckWords
{
    private readonly Option<bool> _overwrite = new("--overwrite")
    {
        Description = "Also the rules that write: 2 MiB in the middle of the disk, put back at the end unless the peer "
            + "loses them.",
    };

    private readonly Option<bool> _hostile = new("--hostile")
    {
        Description = "Also the rules that break the protocol on purpose; a peer that is not prepared may stop "
            + "working.",
    };

    private readonly Option<string[]> _rules = new("--rule")
    {
        Description = "Only this rule; may be repeated.",
        HelpName = "ID",
    };

    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "Also write the report to a file: Markdown, or JSON if its name ends so.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _name = new("--peer-name")
    {
        Description = "Who the peer is, for the report. Default: what its nodes tell.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _version = new("--peer-version")
    {
        Description = "The peer's version, for the report.",
        HelpName = "VERSION",
    };

    private readonly Option<double> _patience = new("--patience")
    {
        Description = "The longest to wait for a response or a state, in seconds.",
        HelpName = "S",
        DefaultValueFactory = _ => 10,
    };

    /// <summary>The file to write to, or null.</summary>
    public string? Output(CommandRun run) => run.Result.GetValue(_output);

    /// <summary>Adds them to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="isForOwn">True for the check of our own ends, which needs no leave and no name.</param>
    public void AddTo(Command command, bool isForOwn)
    {
        Option[] options = isForOwn
            ? [_rules, _output, _patience]
            : [_overwrite, _hostile, _rules, _output, _name, _version, _patience];
        foreach (Option option in options) command.Options.Add(option);
    }

    /// <summary>How far the check may go.</summary>
    /// <param name="run">The command's run.</param>
    /// <param name="known">The rules that there are.</param>
    /// <exception cref="UsageException">A rule that was named is none of them, or the patience is no time.</exception>
    public CheckOptions Options(CommandRun run, IEnumerable<Rule> known)
    {
        double patience = run.Result.GetValue(_patience);
        if (patience is not (> 0 and <= 600))
            throw new UsageException($"--patience is {patience}; it is a number above 0, up to 600.");
        string[] rules = run.Result.GetValue(_rules) ?? [];
        HashSet<string> ids = [.. known.Select(rule => rule.Id)];
        if (rules.FirstOrDefault(rule => !ids.Contains(rule)) is { } unknown)
            throw new UsageException($"There is no rule {unknown}; there are {string.Join(", ", ids)}.");
        return new CheckOptions
        {
            MayWrite = run.Result.GetValue(_overwrite),
            MayBeHostile = run.Result.GetValue(_hostile),
            Only = rules.Length == 0 ? null : rules.ToHashSet(StringComparer.Ordinal),
            Patience = TimeSpan.FromSeconds(patience),
        };
    }

    /// <summary>Who the peer is: what the user says, else what was found.</summary>
    public PeerName Peer(CommandRun run, PeerName found)
    {
        string? name = run.Result.GetValue(_name);
        string? version = run.Result.GetValue(_version);
        return new PeerName(name ?? found.Name, version ?? (name is null ? found.Version : null));
    }
}
