using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;

namespace XenBlock.TestKit.Processes;

/// <summary>
/// A second process for a test: the test program itself, started again in a role. It says lines on its standard output
/// and ends when its standard input does, so that it cannot outlive the test.
/// </summary>
public sealed class PeerProcess : IAsyncDisposable
{
    private const string RoleVariable = "XENBLOCK_TEST_ROLE";
    private const string ArgumentsVariable = "XENBLOCK_TEST_ARGUMENTS";

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _complaints = new();

    private PeerProcess(Process process)
    {
        _process = process;
        _process.ErrorDataReceived += (_, line) => _complaints.Enqueue(line.Data ?? string.Empty);
        _process.BeginErrorReadLine();
    }

    /// <summary>The process's number.</summary>
    public int Id => _process.Id;

    /// <summary>
    /// To be called from the test program's module initializer: if this process was started in a role, plays it and
    /// ends the process; else does nothing.
    /// </summary>
    /// <param name="roles">What each role does with its arguments; the result is the exit code.</param>
    public static void PlayIfAsked(IReadOnlyDictionary<string, Func<string[], Task<int>>> roles)
    {
        if (Environment.GetEnvironmentVariable(RoleVariable) is not { Length: > 0 } role)
            return;
        string[] arguments = (Environment.GetEnvironmentVariable(ArgumentsVariable) ?? string.Empty).Split('\n');
        try
        {
            Environment.Exit(Task.Run(() => roles[role](arguments)).GetAwaiter().GetResult());
        }
        catch (Exception exception)
        {
            Console.Error.WriteLine(exception);
            Environment.Exit(100);
        }
    }

    /// <summary>Starts this program again in a role.</summary>
    public static PeerProcess Start(string role, params IEnumerable<object> arguments)
    {
        string program = Environment.ProcessPath!;
        ProcessStartInfo start = new(program)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (Path.GetFileNameWithoutExtension(program) is "dotnet")
            start.ArgumentList.Add(Assembly.GetEntryAssembly()!.Location);
        start.Environment[RoleVariable] = role;
        start.Environment[ArgumentsVariable] = string.Join('\n', arguments);

        // A crash that is the point of a test must not leave a dump behind.
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        return new PeerProcess(Process.Start(start)!);
    }

    /// <summary>In the peer: says a line to the test.</summary>
    public static void Say(string line)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }

    /// <summary>In the peer: waits until the test ends it, or is itself over.</summary>
    public static async Task WaitForTestAsync()
    {
        while (await Console.In.ReadLineAsync() is not null)
        {
            // Lines are of no interest here; the end is.
        }
    }

    /// <summary>In the peer: the next line from the test, null when it is over.</summary>
    public static Task<string?> HearAsync() => Console.In.ReadLineAsync();

    /// <summary>The peer's next line; an exception if it ended, or took too long.</summary>
    /// <param name="limit">How long it may take; null for half a minute.</param>
    public async Task<string> ListenAsync(TimeSpan? limit = null)
    {
        string? line = await _process.StandardOutput.ReadLineAsync().WaitAsync(limit ?? TimeSpan.FromSeconds(30));
        return line ?? throw new InvalidOperationException(
            $"The peer process ended without a word. {string.Join(Environment.NewLine, _complaints)}");
    }

    /// <summary>Says a line to the peer.</summary>
    public async Task TellAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>kill -9, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Lets it end, and gives its exit code: 128 and the signal's number, if a signal ended it.</summary>
    public async Task<int> EndAsync()
    {
        _process.StandardInput.Close();
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
    }
}
