namespace XenBlock.Cli.CommandLine;

/// <summary>What the process says about its end.</summary>
internal static class ExitCodes
{
    /// <summary>Everything that was asked for is done.</summary>
    public const int Okay = 0;

    /// <summary>The work was tried and failed: I/O, verification, a peer that went away.</summary>
    public const int Failed = 1;

    /// <summary>What was asked for makes no sense, or names something that is not there; nothing was changed.</summary>
    public const int Usage = 2;

    /// <summary>Ended by Ctrl-C: 128 + SIGINT.</summary>
    public const int Interrupted = 130;

    /// <summary>Ended by SIGTERM: 128 + 15.</summary>
    public const int Terminated = 143;
}
