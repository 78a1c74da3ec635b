using System.Text.Json;
using System.Text.Json.Nodes;
using XenBlock.Cli.Report;
using Xunit;

namespace XenBlock.Tests.Process;

public sealed class CompareTests : IDisposable
{
    private readonly Workshop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task Two_runs_are_compared_in_text_json_and_a_page()
    {
        await BenchAsync("a", "--access", "map");
        await BenchAsync("b", "--access", "persistent");

        ToolResult text = await Tool.RunAsync("compare", _shop.Path("a"), _shop.Path("b/report.json"));
        ToolResult json = await Tool.RunAsync(
            "compare", "--json", _shop.Path("a"), _shop.Path("b"), "--out", _shop.Path("page.html"));

        ToolResult same = await Tool.RunAsync("compare", _shop.Path("a"), _shop.Path("a"));

        Assert.Contains("Both are the same run: nothing differs.", same.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("+0.00 us", same.Output, StringComparison.Ordinal);
        Assert.True(text.ExitCode == 0, $"{text}");
        Assert.Contains("access: map -> persistent", text.Output, StringComparison.Ordinal);
        Assert.Contains("95 % interval", text.Output, StringComparison.Ordinal);
        Assert.True(json.ExitCode == 0, $"{json}");
        using JsonDocument document = JsonDocument.Parse(json.Output);
        Assert.Equal("xenblk.compare/1", document.RootElement.GetProperty("schema").GetString());
        JsonElement[] points = [.. document.RootElement.GetProperty("points").EnumerateArray()];
        Assert.Equal(4, points.Length);
        foreach (JsonElement point in points)
        {
            double ratio = point.GetProperty("ratio").GetDouble();
            double second = point.GetProperty("secondMegabytesPerSecond").GetDouble();
            Assert.Equal(
                ratio, second / point.GetProperty("firstMegabytesPerSecond").GetDouble(), tolerance: ratio * 1e-9);
            Assert.True(point.GetProperty("low").GetDouble() <= point.GetProperty("high").GetDouble());
            Assert.Equal(12, point.GetProperty("phaseDeltaMicroseconds").EnumerateObject().Count());
        }

        string page = await File.ReadAllTextAsync(_shop.Path("page.html"), TestContext.Current.CancellationToken);
        Assert.Contains("emulated", page, StringComparison.Ordinal);
        Assert.Contains("What differs between the runs", page, StringComparison.Ordinal);
        Assert.DoesNotContain("{{", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_traced_run_leaves_a_file_of_csv_for_each_graph()
    {
        await BenchAsync("a", "--access", "map");

        BenchReport report = JsonSerializer.Deserialize(
            await File.ReadAllTextAsync(_shop.Path("a/report.json"), TestContext.Current.CancellationToken),
            ReportJson.Default.BenchReport)!;
        Assert.Equal(4 + 1, Lines("by-size").Length);
        Assert.Equal(4 + 1, Lines("calls").Length);
        Assert.Equal(report.Points.Sum(point => point.Trace!.Breakdowns.Count * 12) + 1, Lines("phases").Length);
        Assert.Equal(report.Points.Sum(point => point.Trace!.Percentiles.Count) + 1, Lines("percentiles").Length);
        Assert.Equal(report.Points.Sum(point => point.Trace!.RequestsKept) + 1, Lines("requests").Length);
        Assert.Equal((2 * 4) + 1, Lines("events").Length);
        foreach (string name in (string[])["by-size", "calls", "phases", "percentiles", "counts", "events", "under-way",
            "requests"])
        {
            string[] lines = Lines(name);
            Assert.True(lines.Length > 1, name);
            Assert.All(lines, line => Assert.Equal(lines[0].Split(',').Length, line.Split(',').Length));
        }
    }

    [Fact]
    public async Task What_cannot_be_compared_is_refused_in_a_sentence()
    {
        await BenchAsync("a", "--access", "map");
        await File.WriteAllTextAsync(_shop.Path("text"), "no report", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            _shop.Path("other.json"), """{"schema":"else"}""", TestContext.Current.CancellationToken);
        BenchReport report = JsonSerializer.Deserialize(
            await File.ReadAllTextAsync(_shop.Path("a/report.json"), TestContext.Current.CancellationToken),
            ReportJson.Default.BenchReport)!;
        await SaveAsync("newer.json", report with { SchemaVersion = 99 });
        await SaveAsync("apart.json", report with { Points = [report.Points[0] with { SizeBytes = 12345 }] });
        await SaveAsync("model.json", report with { Model = new ModelReport("m", "", [], true) });

        foreach ((string other, string word) in ((string, string)[])
            [("nowhere", "There is no"), ("text", "is no report"), ("other.json", "is no report"),
                ("newer.json", "newer xenblk"), ("apart.json", "no point in common"), ("model.json", "model m")])
        {
            ToolResult result = await Tool.RunAsync("compare", _shop.Path("a"), _shop.Path(other));
            Assert.True(result.ExitCode == 2, $"{other}: {result}");
            Assert.Contains(word, result.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_damaged_report_is_a_mistake_and_no_defect()
    {
        await BenchAsync("a", "--access", "map");
        string whole = await File.ReadAllTextAsync(_shop.Path("a/report.json"), TestContext.Current.CancellationToken);
        (string Word, Action<JsonObject> Damage)[] cases =
        [
            ("bandwidth", point => point["megabytesPerSecond"] = 0),
            ("sample", point => point["samplesMegabytesPerSecond"] = new JsonArray(0)),
            ("is no report", point => point["samplesMegabytesPerSecond"] = null),
            ("12 phases", point => point["phases"]!["phases"] = new JsonArray()),
            ("12 phases", point => point["phases"]!.AsObject().Remove("phases")),
            ("is no report", point => point["phases"]!["phases"] = null),
            ("is empty", point => point.ReplaceWith<string?>(null)),
        ];
        foreach ((string word, Action<JsonObject> damage) in cases)
        {
            JsonNode report = JsonNode.Parse(whole)!;
            damage(report["points"]![0]!.AsObject());
            await File.WriteAllTextAsync(
                _shop.Path("damaged.json"), report.ToJsonString(), TestContext.Current.CancellationToken);
            ToolResult result =
                await Tool.RunAsync("compare", "--json", _shop.Path("damaged.json"), _shop.Path("a"));
            Assert.True(result.ExitCode == 2, $"{word}: {result}");
            Assert.Contains(word, result.Error, StringComparison.Ordinal);
        }

        JsonNode without = JsonNode.Parse(whole)!;
        Assert.All(without["points"]!.AsArray(), point => point!.AsObject().Remove("samplesMegabytesPerSecond"));
        await File.WriteAllTextAsync(
            _shop.Path("without.json"), without.ToJsonString(), TestContext.Current.CancellationToken);
        ToolResult few = await Tool.RunAsync("compare", _shop.Path("without.json"), _shop.Path("a"));
        Assert.True(few.ExitCode == 0, $"{few}");
        Assert.Contains("too few samples", few.Output, StringComparison.Ordinal);
    }

    private Task SaveAsync(string name, BenchReport report) => File.WriteAllTextAsync(
        _shop.Path(name), JsonSerializer.Serialize(report, ReportJson.Default.BenchReport));

    private string[] Lines(string name) => File.ReadAllLines(_shop.Path($"a/csv/{name}.csv"));

    private async Task BenchAsync(string directory, params string[] more)
    {
        ToolResult result = await Tool.RunAsync(
            [
                "bench", "--trace", "phases", "--out", _shop.Path(directory), "--size", "8M", "--sizes", "4K,64K",
                "--depths", "1,8", "--modes", "indirect256", "--only", "read", "--seconds", "0.02", "--repeats", "3",
                "--no-baselines", .. more,
            ]);
        Assert.True(result.ExitCode == 0, $"{result}");
    }
}
