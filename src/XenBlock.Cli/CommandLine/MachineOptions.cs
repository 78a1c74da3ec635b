namespace XenBlock.Cli.CommandLine;

/// <summary>Where the embedded machine is found.</summary>
internal static class MachineOptions
{
    /// <summary>The machine of this user, if nobody names another.</summary>
    public static string DefaultSocket { get; } = FindDefault();

    private static string FindDefault()
    {
        string? runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        string directory = string.IsNullOrEmpty(runtime)
            ? $"/tmp/xenblk-{Native.Processor.UserId}"
            : Path.Combine(runtime, "xenblk");
        return Path.Combine(directory, "machine.sock");
    }
}
