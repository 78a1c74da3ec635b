using System.CommandLine;
using XenBlock.Cli.Output;

namespace XenBlock.Cli.CommandLine;

/// <summary>One run of one command: what was asked, where answers go, and when to stop.</summary>
/// <param name="Result">The parsed command line.</param>
/// <param name="Token">Ends at Ctrl-C or SIGTERM: close in order, then return.</param>
internal sealed record CommandRun(ParseResult Result, CancellationToken Token)
{
    /// <summary>Answers, and nothing else.</summary>
    public TextWriter Out => Result.InvocationConfiguration.Output;

    /// <summary>Remarks for people: what is going on, warnings.</summary>
    public TextWriter Error => Result.InvocationConfiguration.Error;

    /// <summary>True if answers are wanted as JSON.</summary>
    public bool Json => Result.GetValue(CommonOptions.Json);

    /// <summary>
    /// A progress display that shows itself only to people, and only when the work takes over a second.
    /// </summary>
    public ProgressDisplay Progress(string what) => new(what, isShown: !Json && !Console.IsErrorRedirected);

    /// <summary>A remark, for people only.</summary>
    public void Remark(string sentence)
    {
        if (!Json)
            Error.WriteLine(sentence);
    }
}
