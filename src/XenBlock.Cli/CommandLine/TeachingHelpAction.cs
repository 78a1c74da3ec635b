using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace XenBlock.Cli.CommandLine;

/// <summary>The usual help, then examples: people read examples first.</summary>
internal sealed class TeachingHelpAction(HelpAction usual, string rootExamples) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        int exitCode = usual.Invoke(parseResult);
        Command command = parseResult.CommandResult.Command;
        string examples = command is IExampleProvider provider ? provider.Examples : rootExamples;
        TextWriter output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (string line in examples.Split('\n'))
            output.WriteLine(line.Length == 0 ? line : "  " + line);
        return exitCode;
    }
}
