using Xunit;

namespace XenBlock.Tests.Process;

/// <summary>What bench leaves on disks: what was asked for, or a sentence, and nothing else.</summary>
public sealed class BenchFilesTests : IDisposable
{
    private static readonly string[] s_short =
    [
        "--size", "8M", "--sizes", "4K", "--depths", "1", "--modes", "direct", "--only", "read", "--seconds", "0.02",
        "--repeats", "1", "--no-baselines",
    ];

    private readonly Workshop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task A_report_that_cannot_be_written_leaves_the_measurement_on_the_screen()
    {
        Directory.CreateDirectory(_shop.Path("out/report.html"));

        ToolResult result = await Tool.RunAsync(["bench", "--out", _shop.Path("out"), .. s_short]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("MB/s", result.Output, StringComparison.Ordinal);
        Assert.Contains("Verified", result.Output, StringComparison.Ordinal);
        Assert.Contains("stands above; not all of it was written", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_killed_bench_left_goes_when_the_next_one_begins()
    {
        string temporary = Directory.CreateDirectory(_shop.Path("temporary")).FullName;
        string[] by = ["env", $"TMPDIR={temporary}"];
        string[] longer = [.. s_short.Select(word => word is "0.02" ? "60" : word)];
        using RunningTool killed = RunningTool.StartBy(by, ["bench", .. longer]);
        await Workshop.UntilAsync(() => Directory.GetDirectories(temporary).Length == 2, "bench has made its files");
        using RunningTool beside = RunningTool.StartBy(by, ["bench", .. s_short]);
        Assert.Equal(0, (await beside.EndAsync()).ExitCode);
        Assert.Equal(2, Directory.GetDirectories(temporary).Length); // those of one that lives are let be
        await killed.SignalAsync("KILL");
        await killed.EndAsync();
        Assert.Equal(2, Directory.GetDirectories(temporary).Length);

        using RunningTool next = RunningTool.StartBy(by, ["bench", .. s_short]);

        Assert.Equal(0, (await next.EndAsync()).ExitCode);
        Assert.Empty(Directory.GetDirectories(temporary));
    }
}
