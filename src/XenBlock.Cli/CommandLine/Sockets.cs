namespace XenBlock.Cli.CommandLine;

/// <summary>Where things listen if nobody says where.</summary>
internal static class Sockets
{
    /// <summary>The variable that Debian's xenstore tools read.</summary>
    public const string StoreVariable = "XENSTORED_PATH";

    /// <summary>The XenStore socket that a machine opens beside its own, for tools that speak only XenStore.</summary>
    public static string StoreOf(string machineSocket) => machineSocket + ".xenstore";

    /// <summary>The XenStore to talk to: what was named, else the variable, else the machine's.</summary>
    public static string Store(string? named, string machineSocket)
    {
        if (!string.IsNullOrEmpty(named))
            return named;
        string? variable = Environment.GetEnvironmentVariable(StoreVariable);
        return string.IsNullOrEmpty(variable) ? StoreOf(machineSocket) : variable;
    }

    /// <summary>Makes the directory of a default socket, for this user only.</summary>
    public static void MakeDirectoryOf(string socket)
    {
        string? directory = Path.GetDirectoryName(Path.GetFullPath(socket));
        if (directory is not null && !Directory.Exists(directory) && !OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(
                directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
