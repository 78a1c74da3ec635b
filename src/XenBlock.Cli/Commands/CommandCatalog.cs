using System.CommandLine;

namespace XenBlock.Cli.Commands;

/// <summary>Every command, in the order of the help.</summary>
internal static class CommandCatalog
{
    /// <summary>Makes them all.</summary>
    public static IEnumerable<Command> All() =>
    [
        new CompletionCommand(),
    ];
}
