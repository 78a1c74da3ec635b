using System.Text.Json;
using Xunit;

namespace XenBlock.Tests.Process;

/// <summary>xenblk top beside a backend and a frontend at work.</summary>
public sealed class TopTests : IDisposable
{
    private readonly Workshop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task It_sees_what_a_disk_does_while_it_does_it()
    {
        using RunningTool serve = await _shop.ServeAsync("--allow-trace", _shop.Sparse("image.raw", 16 << 20));
        using RunningTool load = RunningTool.Start(
            "verify", "xvda", "--machine", _shop.Socket, "--overwrite", "--seconds", "20", "--allow-trace");
        await _shop.UntilConnectedAsync();
        ToolResult top = await Tool.RunAsync("top", "--machine", _shop.Socket, "-n", "2", "-d", "1", "--json");
        ToolResult text = await Tool.RunAsync("top", "--machine", _shop.Socket, "-n", "1", "-d", "0.5");

        Assert.True(top.ExitCode == 0, $"{top}");
        string[] lines = top.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        using JsonDocument document = JsonDocument.Parse(lines[1]);
        Assert.Equal("xenblk.top/1", document.RootElement.GetProperty("schema").GetString());
        JsonElement disk = Assert.Single(document.RootElement.GetProperty("disks").EnumerateArray());
        Assert.Equal("1/xvda", disk.GetProperty("disk").GetString());
        Assert.Contains("frontend", disk.GetProperty("ends").GetString(), StringComparison.Ordinal);
        Assert.Contains("backend", disk.GetProperty("ends").GetString(), StringComparison.Ordinal);
        Assert.InRange(disk.GetProperty("requests").GetInt32(), 1, int.MaxValue);
        double shares = disk.GetProperty("phaseShares").EnumerateObject().Sum(share => share.Value.GetDouble());
        Assert.Equal(1, shares, 6);
        Assert.True(text.ExitCode == 0, $"{text}");
        Assert.Contains("1/xvda", text.Output, StringComparison.Ordinal);
        Assert.All(text.Output.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
    }

    [Fact]
    public async Task A_disk_that_nobody_lets_be_traced_is_there_with_what_to_do()
    {
        using RunningTool serve = await _shop.ServeAsync(_shop.Sparse("image.raw", 1 << 20));
        ToolResult top = await Tool.RunAsync("top", "--machine", _shop.Socket, "-n", "1", "-d", "0.2");
        Assert.True(top.ExitCode == 0, $"{top}");
        Assert.Contains("1/xvda", top.Output, StringComparison.Ordinal);
        Assert.Contains("--allow-trace", top.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_ends_when_nobody_reads_on()
    {
        using RunningTool serve = await _shop.ServeAsync(_shop.Sparse("image.raw", 1 << 20));
        string top = $"'{Tool.Path}' top --machine '{_shop.Socket}' -d 0.2 | head -1";
        using var pipe = RunningTool.StartProgram(["bash", "-c", $"set -o pipefail; {top}"]);
        ToolResult end = await pipe.EndAsync();
        Assert.True(end.ExitCode == 0, $"{end}");
    }

    [Fact]
    public async Task Only_one_traces_at_a_time_and_the_other_says_who_is_in_the_way()
    {
        using RunningTool serve = await _shop.ServeAsync(_shop.Sparse("image.raw", 1 << 20));
        using var first = RunningTool.Start("top", "--machine", _shop.Socket, "-d", "0.2", "--json");
        await first.LineAsync("xenblk.top/1");
        ToolResult second = await Tool.RunAsync("top", "--machine", _shop.Socket, "-n", "1", "-d", "0.2");
        Assert.Equal(2, second.ExitCode);
        Assert.Contains("traces already", second.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--interval", "0")]
    [InlineData("--interval", "1000")]
    [InlineData("--rounds", "-1")]
    public async Task What_makes_no_sense_is_refused(string option, string value)
    {
        ToolResult result = await Tool.RunAsync("top", "--machine", _shop.Socket, option, value);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(option, result.Error, StringComparison.Ordinal);
    }
}
