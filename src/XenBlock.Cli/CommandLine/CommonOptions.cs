using System.CommandLine;
using XenBlock.Cli.Bench;
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

    /// <summary>The ways to reach the pages of a request, as they are typed.</summary>
    public static string[] AccessWords { get; } =
        [.. Enum.GetNames<AccessChoice>().Select(name => name.ToLowerInvariant())];

    /// <summary>How a backend reaches the pages of a request.</summary>
    public static Option<string?> Access()
    {
        Option<string?> option = new("--access")
        {
            Description = "How to reach the pages of a request: map them; the same, unmapped in batches; keep them "
                + "mapped; or copy. Default: persistent.",
            HelpName = string.Join('|', AccessWords),
        };
        option.AcceptOnlyFromAmong(AccessWords);
        return option;
    }

    /// <summary>The domain of an embedded machine that is meant if nothing is said.</summary>
    public const int UsualDomain = 1;

    /// <summary>The machine to join. One a command, because an option belongs to its command.</summary>
    public static Option<string?> Machine() => new("--machine")
    {
        Description = "The machine: xen, or an embedded machine's socket. Default: $XENBLK_MACHINE; else Xen where "
            + "there is one; else this user's embedded machine.",
        HelpName = "xen|SOCKET",
    };

    /// <summary>How many queues a disk may have.</summary>
    public static Option<int?> Queues(string description) => new("--queues")
    {
        Description = description,
        HelpName = "N",
    };

    /// <summary>The number of <see cref="Queues"/>, or the sentence that says what it can be.</summary>
    /// <param name="given">What was typed.</param>
    /// <param name="usual">What is meant if nothing was.</param>
    public static int QueuesOf(int? given, int usual) => (given ?? usual) is >= 1 and <= ProtocolConstants.QueuesMax
        and var queues
        ? queues
        : throw new UsageException($"--queues is {given}; it is 1 to {ProtocolConstants.QueuesMax}.");

    /// <summary>What the peer counts in, where a disk has sectors of more than 512 bytes.</summary>
    public static Option<string> SectorUnits()
    {
        Option<string> option = new("--sector-units")
        {
            Description = "What the other end counts in on disks with sectors of more than 512 bytes: the standard of "
                + "Xen 4.19 and Linux; freebsd; logical (QEMU before 10, Windows); mini-os.",
            HelpName = string.Join('|', Protocol.SectorUnits.Words),
            DefaultValueFactory = _ => Protocol.SectorUnits.Words[0],
        };
        option.AcceptOnlyFromAmong([.. Protocol.SectorUnits.Words]);
        return option;
    }

    /// <summary>The domain to be, or to serve.</summary>
    public static Option<int?> Domain(string description) => new("--domain")
    {
        Description = description,
        HelpName = "N",
    };

    /// <summary>Whether the process may be traced from outside.</summary>
    public static Option<bool> AllowTrace() => new("--allow-trace")
    {
        Description = "Let xenblk trace see, from another process or domain, when and where each request is: half a "
            + "MiB of memory a queue, and nothing more until it does.",
    };

    /// <summary>The domain that traces.</summary>
    public static Option<int?> Tracer(string description) => new("--tracer")
    {
        Description = $"{description} Default: 0 on Xen, {DomainId.FirstReserved - 1} on an embedded machine.",
        HelpName = "N",
    };

    /// <summary>A frontend's domain, or the sentence that says what it can be.</summary>
    public static DomainId FrontendDomain(int number) => number is > 0 and < DomainId.FirstReserved
        ? new DomainId((ushort)number)
        : throw new UsageException(
            $"{number} is no domain for a frontend; take 1 to {DomainId.FirstReserved - 1} (0 is the backend's).");

    /// <summary>A domain to serve on Xen, where dom0 may have disks of its own.</summary>
    public static DomainId ServedDomain(int number, bool isXen) => isXen && number == 0
        ? DomainId.Zero
        : FrontendDomain(number);
}
