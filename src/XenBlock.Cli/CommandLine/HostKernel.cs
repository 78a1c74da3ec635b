namespace XenBlock.Cli.CommandLine;

/// <summary>The kernel that this process runs on: the runtime's own description is the distribution's name.</summary>
internal static class HostKernel
{
    private const string Path = "/proc/sys/kernel/osrelease";

    /// <summary>Its release, as uname -r says it.</summary>
    public static string Release => File.Exists(Path)
        ? File.ReadAllText(Path).Trim()
        : Environment.OSVersion.Version.ToString();
}
