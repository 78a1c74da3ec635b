using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Text.Json;
using XenBlock.Cli.Commands;
using XenBlock.Cli.Output;

namespace XenBlock.Cli.CommandLine;

/// <summary>The whole tool: parse, run, and turn every end into an exit code.</summary>
internal static class Tool
{
    private const string RootExamples = """
        xenblk bench --quick              how fast is a Xen disk here, in 20 seconds
        xenblk serve disk.raw             serve an image as xvda of domain 1, until Ctrl-C
        xenblk info xvda                  what both ends offered and agreed, and why each "no"
        xenblk cp xvda copy.raw           copy the disk into a file
        xenblk cp new.raw xvda            and a file onto the disk

        Exit codes: 0 done; 1 the work failed; 2 bad usage or input, nothing was changed; 130 Ctrl-C.
        Shell completion: source <(xenblk completion bash)
        """;

    /// <summary>Runs the tool as its process would.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, TextWriter output, TextWriter error)
    {
        RootCommand root = BuildRoot();
        ParseResult result = root.Parse(arguments);
        if (result.Action is ParseErrorAction)
            return ReportUsage(result, output, error);

        using Shutdown shutdown = new();
        InvocationConfiguration configuration = new()
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
            Output = output,
            Error = error,
        };
        bool isStopped = false;
        int exitCode;
        try
        {
            exitCode = await result.InvokeAsync(configuration, shutdown.Token);
        }
        catch (OperationCanceledException) when (shutdown.Token.IsCancellationRequested)
        {
            isStopped = true;
            exitCode = ExitCodes.Okay;
        }
        catch (Exception exception)
        {
            return Report(Failure.From(exception), exception, result.GetValue(CommonOptions.Json), output, error);
        }

        bool runsUntilStopped = result.CommandResult.Command is XenblkCommand { RunsUntilStopped: true };
        bool isSuccess = runsUntilStopped && shutdown.ExitCode == ExitCodes.Terminated;
        bool isEndedBySignal = shutdown.ExitCode != 0 && (isStopped || runsUntilStopped);
        return isEndedBySignal && exitCode == ExitCodes.Okay && !isSuccess ? shutdown.ExitCode : exitCode;
    }

    /// <summary>The command tree.</summary>
    public static RootCommand BuildRoot()
    {
        RootCommand root = new(
            "Xen paravirtual block devices for .NET: serve disks, use them, and see what holds them back. "
                + "With no Xen at hand, everything runs on a machine embedded in shared memory.");
        root.Options.Add(CommonOptions.Json);
        foreach (Command command in CommandCatalog.All())
            root.Subcommands.Add(command);
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new TeachingHelpAction((HelpAction)help.Action!, RootExamples);
        return root;
    }

    private static int ReportUsage(ParseResult result, TextWriter output, TextWriter remarks)
    {
        Command command = result.CommandResult.Command;
        // The word that was not understood says more than what is missing because of it.
        string message = result.Errors
            .Select(error => error.Message)
            .OrderBy(text => text.StartsWith("Required", StringComparison.Ordinal))
            .FirstOrDefault() ?? "That is not a command";
        message = ParseWords.Of(string.Join(' ', message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
        string path = command is RootCommand ? "xenblk" : "xenblk " + PathOf(result.CommandResult);
        Failure failure = new("usage", $"{message.TrimEnd('.')}. See: {path} --help", ExitCodes.Usage);
        return Report(failure, exception: null, result.GetValue(CommonOptions.Json), output, remarks);
    }

    private static string PathOf(System.CommandLine.Parsing.CommandResult result) =>
        result.Parent is System.CommandLine.Parsing.CommandResult { Command: not RootCommand } parent
            ? PathOf(parent) + " " + result.Command.Name
            : result.Command.Name;

    private static int Report(Failure failure, Exception? exception, bool isJson, TextWriter output, TextWriter error)
    {
        if (isJson)
        {
            ErrorDocument document = new(ErrorDocument.SchemaName, failure.Kind, failure.Message, failure.ExitCode);
            output.WriteLine(JsonSerializer.Serialize(document, JsonLines.Default.ErrorDocument));
        }

        error.WriteLine("xenblk: " + failure.Message);
        if (exception is not null && Environment.GetEnvironmentVariable(Failure.TraceVariable) is "1")
            error.WriteLine(exception);
        return failure.ExitCode;
    }
}
