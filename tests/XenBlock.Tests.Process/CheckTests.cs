using System.Text.Json;
using Xunit;

namespace XenBlock.Tests.Process;

/// <summary><c>xenblk check</c> on our own ends, in this process and as peers of another one.</summary>
public sealed class CheckTests : IDisposable
{
    private readonly Workshop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task Our_own_ends_break_no_rule_and_the_report_is_text_json_and_a_page()
    {
        string page = _shop.Path("own.md");
        ToolResult result = await Tool.RunAsync("check", "--json", "-o", page);
        Assert.True(result.ExitCode == 0, $"{result}");
        using JsonDocument document = JsonDocument.Parse(result.Output);
        JsonElement root = document.RootElement;
        Assert.Equal("xenblk.check/1", root.GetProperty("schema").GetString());
        JsonElement[] reports = [.. root.GetProperty("reports").EnumerateArray()];
        Assert.Equal(["backend", "frontend"], reports.Select(report => report.GetProperty("end").GetString()));
        string text = await File.ReadAllTextAsync(page);
        foreach (JsonElement report in reports)
        {
            Assert.Equal(0, report.GetProperty("failed").GetInt32());
            Assert.True(report.GetProperty("passed").GetInt32() >= 30);
            foreach (JsonElement rule in report.GetProperty("rules").EnumerateArray())
            {
                string id = rule.GetProperty("id").GetString()!;
                string title = rule.GetProperty("title").GetString()!;
                Assert.Contains($"| `{id}` | {title} |", text, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task A_backend_in_another_process_is_checked_and_its_disk_is_only_read()
    {
        string image = _shop.Noise("image.raw", 16 << 20, seed: 6);
        string before = Workshop.Digest(image);
        using RunningTool serve = await _shop.ServeAsync(image);
        ToolResult result = await Tool.RunAsync(
            "check", "backend", "xvda", "--machine", _shop.Socket, "--peer-name", "somebody", "--peer-version", "7");
        Assert.True(result.ExitCode == 0, $"{result}");
        Assert.Contains("The backend of somebody 7", result.Output, StringComparison.Ordinal);
        Assert.Contains("needs --overwrite", result.Output, StringComparison.Ordinal);
        Assert.Contains("needs --hostile", result.Output, StringComparison.Ordinal);
        Assert.Contains(" 0 broken", result.Output, StringComparison.Ordinal);
        Assert.Equal(before, Workshop.Digest(image));
    }

    [Fact]
    public async Task With_leave_to_write_every_rule_is_tried_and_the_disk_is_put_back()
    {
        string image = _shop.Noise("image.raw", 16 << 20, seed: 7);
        string before = Workshop.Digest(image);
        using RunningTool serve = await _shop.ServeAsync(image);
        ToolResult result = await Tool.RunAsync(
            "check", "backend", "xvda", "--machine", _shop.Socket, "--overwrite", "--hostile", "--json");
        Assert.True(result.ExitCode == 0, $"{result}");
        Assert.DoesNotContain("needs --", result.Output, StringComparison.Ordinal);
        Assert.Equal(before, Workshop.Digest(image));
    }

    [Fact]
    public async Task A_frontend_in_another_process_is_checked_by_its_own_traffic()
    {
        ToolResult result = await Tool.RunAsync(
            "check", "frontend", "xvda", "--machine", _shop.Socket, "--rule", "data", "--rule", "range", "--traffic",
            $"{Tool.Path} verify xvda --overwrite --no-reconnect --seconds 1 --machine {_shop.Socket}");
        Assert.True(result.ExitCode == 0, $"{result}");
        Assert.Contains("2 rules kept, 0 broken", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_frontend_whose_user_reads_wrong_data_is_told_with_exit_code_1()
    {
        ToolResult result = await Tool.RunAsync(
            "check", "frontend", "xvda", "--machine", _shop.Socket, "--rule", "data", "--traffic",
            $"{Tool.Path} cp xvda {_shop.Path("copy.raw")} --machine {_shop.Socket} && echo not so && exit 3");
        Assert.True(result.ExitCode == 1, $"{result}");
        Assert.Contains("data is broken", result.Output, StringComparison.Ordinal);
        Assert.Contains("not so (exit code 3)", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_frontend_that_does_not_come_is_a_sentence()
    {
        ToolResult result = await Tool.RunAsync(
            "check", "frontend", "xvda", "--machine", _shop.Socket, "--patience", "0.5", "--traffic", "sleep 5");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("publishes no ring within 0.5 s", result.Error, StringComparison.Ordinal);
    }
}
