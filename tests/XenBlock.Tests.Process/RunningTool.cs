using System.Diagnostics;
using System.Text;
using Xunit;

namespace XenBlock.Tests.Process;

/// <summary>A xenblk that runs: its lines as they come, signals, and its end.</summary>
internal sealed class RunningTool : IDisposable
{
    private readonly System.Diagnostics.Process _process;
    private readonly StringBuilder _output = new();
    private readonly Task<string> _error;
    private readonly bool _takesOutput;

    private RunningTool(System.Diagnostics.Process process, bool takesOutput)
    {
        _process = process;
        _takesOutput = takesOutput;
        _error = process.StandardError.ReadToEndAsync();
    }

    public Stream Input => _process.StandardInput.BaseStream;

    public Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>Starts xenblk.</summary>
    public static RunningTool Start(params string[] arguments) => StartBy([], arguments);

    /// <summary>Starts xenblk by another program, as setsid or unshare.</summary>
    public static RunningTool StartBy(string[] by, params string[] arguments) =>
        StartProgram([.. by, Tool.Path, .. arguments]);

    /// <summary>Starts a program and its arguments; xenblk or another build of it.</summary>
    public static RunningTool StartProgram(string[] words)
    {
        ProcessStartInfo start = new(words[0], words[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["DOTNET_ROOT"] = Path.GetDirectoryName(Environment.ProcessPath) is { } directory
            && File.Exists(Path.Combine(directory, "dotnet"))
            ? directory
            : Environment.GetEnvironmentVariable("DOTNET_ROOT") ?? "/usr/share/dotnet";
        return new RunningTool(System.Diagnostics.Process.Start(start)!, takesOutput: true);
    }

    /// <summary>Waits for a line of standard output that contains a text.</summary>
    public async Task<string> LineAsync(string text)
    {
        using CancellationTokenSource deadline = new(Tool.Deadline);
        while (true)
        {
            string? line = await _process.StandardOutput.ReadLineAsync(deadline.Token);
            if (line is null)
                Assert.Fail($"xenblk ended before it said \"{text}\": {_output}{await _error}");
            _output.AppendLine(line);
            if (line.Contains(text, StringComparison.Ordinal))
                return line;
        }
    }

    /// <summary>Sends a signal, as INT, TERM or KILL.</summary>
    public async Task SignalAsync(string signal) =>
        Assert.Equal(0, (await Tool.RunProgramAsync("kill", "-" + signal, $"{_process.Id}")).ExitCode);

    /// <summary>Waits for its end.</summary>
    public async Task<ToolResult> EndAsync()
    {
        using CancellationTokenSource deadline = new(Tool.Deadline);
        if (_takesOutput)
            _output.Append(await _process.StandardOutput.ReadToEndAsync(deadline.Token));
        await _process.WaitForExitAsync(deadline.Token);
        return new ToolResult(_process.ExitCode, _output.ToString(), await _error);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }
}
