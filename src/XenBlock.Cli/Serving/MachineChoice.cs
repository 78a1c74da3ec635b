using XenBlock.Cli.CommandLine;
using XenBlock.Emulator;
using XenBlock.Xen;

namespace XenBlock.Cli.Serving;

/// <summary>Which machine a command works on: real Xen, or an embedded machine at a socket.</summary>
/// <param name="Socket">Where the embedded machine listens; null for Xen.</param>
internal sealed record MachineChoice(string? Socket)
{
    /// <summary>The variable that says the same as --machine.</summary>
    public const string Variable = "XENBLK_MACHINE";

    /// <summary>What names real Xen.</summary>
    public const string XenWord = "xen";

    /// <summary>True for real Xen.</summary>
    public bool IsXen => Socket is null;

    /// <summary>The XenStore of the embedded machine.</summary>
    public string StoreSocket => Sockets.StoreOf(Socket!);

    /// <summary>The machine in a sentence.</summary>
    public string Name => IsXen ? "Xen" : $"the machine at {Socket}";

    /// <summary>
    /// What was named, else what the variable names, else Xen if this Linux runs on it and has its devices, else the
    /// embedded machine of this user.
    /// </summary>
    /// <param name="named">The option's value; null if it was not given.</param>
    public static MachineChoice Of(string? named)
    {
        string? word = string.IsNullOrEmpty(named) ? Environment.GetEnvironmentVariable(Variable) : named;
        if (string.IsNullOrEmpty(word))
            return new MachineChoice(HasXen ? null : EmulatedMachine.DefaultSocketPath);
        return new MachineChoice(string.Equals(word, XenWord, StringComparison.Ordinal) ? null : word);
    }

    private static bool HasXen =>
        XenDomain.RunsOnXen && (File.Exists("/dev/xen/evtchn") || File.Exists("/dev/xen/xenbus"));
}
