using System.CommandLine;

namespace XenBlock.Cli.CommandLine;

/// <summary>A command that only holds others.</summary>
internal sealed class CommandGroup : Command, IExampleProvider
{
    /// <summary>A group with its manual.</summary>
    public CommandGroup(string name, string description, string examples, params ReadOnlySpan<Command> commands)
        : base(name, description)
    {
        Examples = examples;
        foreach (Command command in commands)
            Subcommands.Add(command);
    }

    /// <inheritdoc/>
    public string Examples { get; }
}
