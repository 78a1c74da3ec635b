using System.Diagnostics;

namespace XenBlock.Tests.Process;

/// <summary>The built xenblk, as a process of its own.</summary>
internal static class Tool
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>Where it is: XENBLOCK_TOOL names another build of it, as the native one.</summary>
    public static string Path { get; } = Environment.GetEnvironmentVariable("XENBLOCK_TOOL") is { Length: > 0 } tool
        ? System.IO.Path.GetFullPath(tool)
        : System.IO.Path.Combine(AppContext.BaseDirectory, "xenblk");

    /// <summary>Runs it to its end.</summary>
    public static async Task<ToolResult> RunAsync(params string[] arguments)
    {
        using RunningTool tool = RunningTool.Start(arguments);
        tool.Input.Close();
        return await tool.EndAsync();
    }

    /// <summary>Runs another program to its end; its output and errors together.</summary>
    public static Task<(int ExitCode, string Output)> RunProgramAsync(string program, params string[] arguments) =>
        RunProgramAsync(Deadline, program, arguments);

    /// <summary>The same, of a program that may take longer.</summary>
    public static async Task<(int ExitCode, string Output)> RunProgramAsync(
        TimeSpan patience, string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using System.Diagnostics.Process process = System.Diagnostics.Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        using CancellationTokenSource deadline = new(patience);
        await process.WaitForExitAsync(deadline.Token);
        return (process.ExitCode, output + await error);
    }

    /// <summary>Skips the test where a program is not installed.</summary>
    public static void Require(string program, string package)
    {
        string path = Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin";
        Xunit.Assert.SkipUnless(
            path.Split(':').Any(directory => File.Exists(System.IO.Path.Combine(directory, program))),
            $"{program} is not installed: apt install {package}");
    }
}
