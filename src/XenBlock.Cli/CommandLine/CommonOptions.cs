using System.CommandLine;
using XenBlock.Protocol;

namespace XenBlock.Cli.CommandLine;

/// <summary>Options that several commands share.</summary>
internal static class CommonOptions
{
    /// <summary>On every command.</summary>
    public static Option<bool> Json { get; } = new("--json")
    {
        Description = "Answer in JSON on standard output: one document, or one line per event.",
        Recursive = true,
    };

    /// <summary>The machine to join. One a command, because an option belongs to its command.</summary>
    public static Option<string?> Machine() => new("--machine")
    {
        Description = "The embedded machine's socket. Default: the one of this user.",
        HelpName = "SOCKET",
    };

    /// <summary>The domain to be, or to serve.</summary>
    public static Option<int> Domain(string description) => new("--domain")
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => 1,
    };

    /// <summary>A frontend's domain, or the sentence that says what it can be.</summary>
    public static DomainId FrontendDomain(int number) => number is > 0 and < DomainId.FirstReserved
        ? new DomainId((ushort)number)
        : throw new UsageException(
            $"{number} is no domain for a frontend; take 1 to {DomainId.FirstReserved - 1} (0 is the backend's).");
}
