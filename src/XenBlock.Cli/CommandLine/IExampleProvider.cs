namespace XenBlock.Cli.CommandLine;

/// <summary>A command whose help ends with examples.</summary>
internal interface IExampleProvider
{
    /// <summary>Lines of shell, with what they do.</summary>
    string Examples { get; }
}
