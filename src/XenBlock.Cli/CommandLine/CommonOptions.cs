using System.CommandLine;

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
}
