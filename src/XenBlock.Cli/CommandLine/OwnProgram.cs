using System.Reflection;

namespace XenBlock.Cli.CommandLine;

/// <summary>This program: its version, and how to start it once more.</summary>
internal static class OwnProgram
{
    /// <summary>Version of xenblk.</summary>
    public static string Version => typeof(OwnProgram).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>The program and its first arguments; what it is to do follows.</summary>
    public static string[] Words()
    {
        string host = Environment.ProcessPath ?? "xenblk";

        // Under `dotnet xenblk.dll` the process is dotnet, and the tool is its first argument.
        return Path.GetFileNameWithoutExtension(host) is "dotnet"
            ? [host, Path.Combine(AppContext.BaseDirectory, "xenblk.dll")]
            : [host];
    }
}
