using System.CommandLine;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Commands.Store;

namespace XenBlock.Cli.Commands;

/// <summary>Every command, in the order of the help.</summary>
internal static class CommandCatalog
{
    /// <summary>Makes them all.</summary>
    public static IEnumerable<Command> All() =>
    [
        new BenchCommand(),
        new CompareCommand(),
        new ServeCommand(),
        new InfoCommand(),
        new TraceCommand(),
        new TopCommand(),
        new CopyCommand(),
        new VerifyCommand(),
        new CheckCommand(),
        new AttachCommand(),
        new DetachCommand(),
        new ListCommand(),
        new HotplugCommand(),
        new MachineCommand(),
        Store(),
        new CompletionCommand(),
        new BenchBackendCommand(),
    ];

    private static CommandGroup Store() => new(
        "store",
        "Run a XenStore, or look at one and change it.",
        """
        xenblk store serve --socket /tmp/store.sock
        xenblk store ls --socket /tmp/store.sock
        xenblk store write --socket /tmp/store.sock /tool/note hello
        """,
        new StoreServeCommand(),
        new StoreLsCommand(),
        new StoreListCommand(),
        new StoreReadCommand(),
        new StoreWriteCommand(),
        new StoreRemoveCommand(),
        new StoreExistsCommand(),
        new StoreChmodCommand(),
        new StoreWatchCommand());
}
