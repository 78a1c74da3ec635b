using System.Diagnostics;
using XenBlock.Cli.CommandLine;
using XenBlock.Protocol;

namespace XenBlock.Cli.Serving;

/// <summary>
/// The backend of one disk, as a process of its own that outlives us: a systemd unit, which is restarted if it
/// crashes, or, where systemd does not run, a detached process.
/// </summary>
internal sealed class BackgroundBackend : IDisposable
{
    private const string LogFolder = "/var/log/xenblk";
    private static readonly string[] s_unitFolders =
        ["/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
            "/lib/systemd/system"];

    private readonly Process? _process;
    private readonly string _log;

    private BackgroundBackend(Process? process, string log)
    {
        _process = process;
        _log = log;
    }

    /// <summary>Where it says what happens to it.</summary>
    public string Log => _process is null ? $"journalctl -u {_log}" : _log;

    /// <summary>True if it has ended already.</summary>
    public bool HasEnded => _process?.HasExited is true;

    private static bool HasSystemd => Directory.Exists("/run/systemd/system")
        && s_unitFolders.Any(folder => File.Exists(Path.Combine(folder, "xenblk@.service")));

    /// <summary>Starts it; the disk's nodes must be there.</summary>
    /// <exception cref="WorkFailedException">It does not start.</exception>
    public static async Task<BackgroundBackend> StartAsync(DomainId frontend, VbdNumber vbd, CancellationToken token)
    {
        string name = $"{frontend.Value}-{VbdName.Format(vbd)}";
        return HasSystemd
            ? await StartUnitAsync($"xenblk@{name}.service", token)
            : StartProcess(name);
    }

    /// <summary>Its last sentence, for ours.</summary>
    public string LastWords()
    {
        try
        {
            string? line = File.ReadLines(_log).LastOrDefault(line => line.Length > 0);
            return line is null ? $"see {Log}" : line.Replace("xenblk: ", "", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return $"see {Log}";
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _process?.Dispose();

    private static async Task<BackgroundBackend> StartUnitAsync(string unit, CancellationToken token)
    {
        using Process systemctl = Start(new ProcessStartInfo("systemctl", ["start", unit]));
        await systemctl.WaitForExitAsync(token);
        return systemctl.ExitCode == 0
            ? new BackgroundBackend(null, unit)
            : throw new WorkFailedException($"The unit {unit} did not start; see why: journalctl -u {unit}");
    }

    // setsid takes it out of this terminal's session.
    private static BackgroundBackend StartProcess(string name)
    {
        string log = Path.Combine(LogFolder, name + ".log");
        try
        {
            Directory.CreateDirectory(LogFolder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{LogFolder} cannot be made: {exception.Message.TrimEnd('.')}; become root.");
        }

        string[] words =
            [.. OwnProgram.Words(), "serve", "--machine", MachineChoice.XenWord, "--vbd", name];
        ProcessStartInfo start = new("setsid", words)
        {
            UseShellExecute = false,

            // Pipes that end with us instead of our own, on which somebody may wait for the end.
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[LogFile.Variable] = log;
        return new BackgroundBackend(Start(start), log);
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new WorkFailedException(
                $"{start.FileName} cannot be started: {exception.Message.TrimEnd('.')}; install it, or run the backend "
                    + "yourself: xenblk serve --vbd DOMAIN/VDEV");
        }
    }
}
