using System.Diagnostics;
using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Profiling;

namespace XenBlock.Cli.Bench;

/// <summary>
/// A backend in a process of its own: told what to serve by a line on its standard input, asked for its counters by
/// others, and stopped by the end of it, so that it never outlives us.
/// </summary>
internal sealed class ChildBackend : IBenchBackend
{
    /// <summary>The hidden command that such a process runs.</summary>
    public const string CommandName = "bench-backend";

    /// <summary>What it answers when its disks can be connected.</summary>
    public const string Ready = "ready";

    /// <summary>The question for its counters.</summary>
    public const string Read = "read";

    private readonly Process _process;

    private ChildBackend(Process process) => _process = process;

    /// <summary>Starts the process and waits until it serves.</summary>
    /// <exception cref="WorkFailedException">It ended before it was ready.</exception>
    public static async Task<ChildBackend> StartAsync(BenchBackendDocument document, CancellationToken token)
    {
        string[] self = OwnProgram.Words();
        ProcessStartInfo start = new(self[0], self[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };

        start.ArgumentList.Add(CommandName);
        Process process = Process.Start(start)
            ?? throw new WorkFailedException($"Cannot start {self[0]} for the backend; try --processes 1.");
        ChildBackend backend = new(process);
        try
        {
            await process.StandardInput.WriteLineAsync(
                JsonSerializer.Serialize(document, JsonLines.Default.BenchBackendDocument));
            await process.StandardInput.FlushAsync(token);
            string? answer = await process.StandardOutput.ReadLineAsync(token);
            return answer is Ready
                ? backend
                : throw new WorkFailedException("The backend's process ended before it served; see its error above.");
        }
        catch
        {
            await backend.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    BenchCounters IBenchBackend.Read()
    {
        _process.StandardInput.WriteLine(Read);
        _process.StandardInput.Flush();
        string answer = _process.StandardOutput.ReadLine()
            ?? throw new WorkFailedException("The backend's process ended in the middle of the run.");
        return JsonSerializer.Deserialize(answer, JsonLines.Default.BenchCounters);
    }

    /// <inheritdoc/>
    public DiskCounters? ReadDisks() => null;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(10));
        await _process.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }
}
