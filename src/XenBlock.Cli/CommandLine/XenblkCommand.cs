using System.CommandLine;

namespace XenBlock.Cli.CommandLine;

/// <summary>A command that does something.</summary>
internal abstract class XenblkCommand : Command, IExampleProvider
{
    /// <summary>A command with its manual.</summary>
    /// <param name="name">As typed.</param>
    /// <param name="description">What it does, in a few sentences.</param>
    /// <param name="examples">What follows "Examples:" in its help.</param>
    protected XenblkCommand(string name, string description, string examples)
        : base(name, description)
    {
        Examples = examples;
        SetAction((result, token) => RunAsync(new CommandRun(result, token)));
    }

    /// <inheritdoc/>
    public string Examples { get; }

    /// <summary>True for a command whose normal end is to be told to stop, so that SIGTERM is a success.</summary>
    public virtual bool RunsUntilStopped => false;

    /// <summary>Does it.</summary>
    /// <returns>The exit code.</returns>
    public abstract Task<int> RunAsync(CommandRun run);
}
