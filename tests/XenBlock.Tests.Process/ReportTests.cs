using System.Text.Json;
using System.Text.RegularExpressions;
using XenBlock.Cli.Report;
using Xunit;

namespace XenBlock.Tests.Process;

/// <summary>What bench, info and the others answer.</summary>
public sealed partial class ReportTests : IDisposable
{
    private static readonly string[] s_short =
        ["--size", "8M", "--sizes", "4K,44K,1M", "--depths", "1,2", "--seconds", "0.02", "--repeats", "2"];

    private readonly Workshop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task Bench_reports_every_point_it_was_asked_for_and_verifies_the_data()
    {
        ToolResult result = await Tool.RunAsync(["bench", "--json", "--out", _shop.Path("out"), .. s_short]);

        Assert.True(result.ExitCode == 0, $"{result}");
        BenchReport report = JsonSerializer.Deserialize(result.Output, ReportJson.Default.BenchReport)!;
        Assert.Equal(("xenblk.bench", 1), (report.Schema, report.SchemaVersion));
        Assert.Equal("Linux " + File.ReadAllText("/proc/sys/kernel/osrelease").Trim(), report.Computer.Kernel);
        Assert.Equal(2 * 3 * 2 * 3, report.Points.Count);
        Assert.Equal(
            report.Points.Count, report.Points.DistinctBy(p => (p.Operation, p.SizeBytes, p.Depth, p.Mode)).Count());
        Assert.All(report.Points, point => Assert.True(point.MegabytesPerSecond > 0 && point.P50Microseconds > 0));
        Assert.All(report.Points, point => Assert.Equal(2, point.Samples));
        Assert.True(report.Verification.IsOkay, report.Verification.Sentence);
        Assert.True(report.Verification.BytesComparedWithFile > 4 << 20);
        Assert.Equal(
            [("direct 11", 0), ("indirect 32", 32), ("indirect 256", 256)],
            report.Plan.Modes.Select(mode => (mode.Name, mode.SegmentsAgreed)));
        Assert.Equal(2 * (3 + 1), report.Baselines.Count);
        Assert.True(report.Machine.IsEmulated);
        Assert.NotEmpty(report.Findings);
    }

    [Fact]
    public async Task Every_access_compared_has_its_own_hypercalls()
    {
        ToolResult result = await Tool.RunAsync(
            ["bench", "--access", "all", "--json", "--size", "8M", "--sizes", "4K,256K", "--depths", "1,8", "--seconds",
                "0.02", "--repeats", "1"]);

        Assert.True(result.ExitCode == 0, $"{result}");
        BenchReport report = JsonSerializer.Deserialize(result.Output, ReportJson.Default.BenchReport)!;
        Assert.Equal("map, batch, copy, persistent, auto", report.Machine.Access);
        Assert.Equal(2 * 2 * 2 * 5, report.Points.Count);
        foreach (PointReport point in report.Points)
        {
            (double maps, double unmaps, double copies) = (point.SizeBytes, point.Access) switch
            {
                (_, "persistent" or "auto") => (0, 0, 0),
                (4096, "copy") => (0, 0, 1),
                (4096, "map") => (1, 1, 0),
                (_, "copy") => (0, 0, 2), // the table of segments, and the data
                (_, "map") => (2, 1, 0),
                (4096, _) => (1, point.UnmapCallsPerOperation, 0),
                _ => (2, point.UnmapCallsPerOperation, 0),
            };
            Assert.Equal(maps, point.MapCallsPerOperation, tolerance: 0.02);
            Assert.Equal(unmaps, point.UnmapCallsPerOperation, tolerance: 0.02);
            Assert.Equal(copies, point.CopyCallsPerOperation, tolerance: 0.02);
            Assert.Equal(
                maps + unmaps + copies + point.NotificationsPerOperation, point.HypercallsPerRequest, tolerance: 0.05);
            if (point is { Access: "batch", Depth: 8 }) Assert.True(point.UnmapCallsPerOperation < 0.6);
        }

        Assert.StartsWith("Is map and unmap always slower than a copy?", report.Findings[0], StringComparison.Ordinal);
        Assert.Contains(report.Findings, finding => finding.StartsWith("auto reached", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_traced_run_says_where_the_time_went_and_leaves_the_trace()
    {
        ToolResult result = await Tool.RunAsync(
            ["bench", "--trace", "phases", "--out", _shop.Path("out"), "--size", "8M", "--sizes", "4K,256K", "--depths",
                "1,8", "--modes", "indirect256", "--seconds", "0.02", "--repeats", "1", "--no-baselines"]);

        Assert.True(result.ExitCode == 0, $"{result}");
        Assert.Contains("completion wake", result.Output, StringComparison.Ordinal);
        BenchReport report = JsonSerializer.Deserialize(
            await File.ReadAllTextAsync(_shop.Path("out/report.json")), ReportJson.Default.BenchReport)!;
        Assert.Equal(2 * 2 * 2, report.Points.Count);
        foreach (PointReport point in report.Points)
        {
            Assert.True(point.Phases is { Requests: > 0, RecordsLost: 0 });
            Assert.Equal(12, point.Phases!.Phases.Count);
            Assert.Equal(1, point.Phases.Phases.Sum(phase => phase.Share), tolerance: 1e-6);
            Assert.Equal(
                point.Phases.MeanMicroseconds,
                point.Phases.Phases.Sum(phase => phase.MeanMicroseconds),
                tolerance: point.Phases.MeanMicroseconds * 1e-6);
        }

        foreach (string file in (string[])["ctf/metadata", "ctf/stream-000", "trace.pftrace", "xvda.blktrace.0"])
            Assert.NotEqual(0, new FileInfo(_shop.Path("out/" + file)).Length);
        string page = await File.ReadAllTextAsync(_shop.Path("out/report.html"));
        Assert.Contains("Where the time of a request goes", page, StringComparison.Ordinal);
        Assert.Equal(8, page.Split("class=\"bar\"").Length - 1);
    }

    [Fact]
    public async Task A_mebibyte_becomes_24_direct_requests_8_of_32_pages_or_one_of_256()
    {
        ToolResult result = await Tool.RunAsync(["bench", "--json", .. s_short]);

        Assert.True(result.ExitCode == 0, $"{result}");
        BenchReport report = JsonSerializer.Deserialize(result.Output, ReportJson.Default.BenchReport)!;
        foreach ((string mode, double requests, double maps) in (ReadOnlySpan<(string, double, double)>)
            [("direct 11", 24, 24), ("indirect 32", 8, 16), ("indirect 256", 1, 2)])
        {
            Assert.All(
                report.Points.Where(point => point.SizeBytes == 1 << 20 && point.Mode == mode),
                point =>
                {
                    Assert.Equal(requests, point.RequestsPerOperation, tolerance: 0.01);
                    Assert.Equal(maps, point.MapCallsPerOperation, tolerance: 0.01);
                    Assert.Equal(requests, point.UnmapCallsPerOperation, tolerance: maps - requests + 0.01);
                    double pages = 256 + maps - requests; // an indirect request has a page of segments besides
                    Assert.Equal(pages, point.PagesPerMapCall!.Value * maps, tolerance: 0.5);
                    Assert.Null(point.PiecesPerCopyCall);
                    Assert.Null(point.PersistentHitShare);
                });
        }
    }

    [Fact]
    public async Task The_report_is_one_page_that_needs_nothing_else_and_holds_the_same_numbers()
    {
        ToolResult result = await Tool.RunAsync(["bench", "--out", _shop.Path("out"), .. s_short]);

        Assert.True(result.ExitCode == 0, $"{result}");
        string page = await File.ReadAllTextAsync(_shop.Path("out/report.html"));
        string json = await File.ReadAllTextAsync(_shop.Path("out/report.json"));
        Assert.DoesNotMatch(OutsideReference(), page);
        Assert.DoesNotContain("{{", page.Replace("}}", "", StringComparison.Ordinal)[..400], StringComparison.Ordinal);
        Match embedded = EmbeddedReport().Match(page);
        Assert.True(embedded.Success);
        BenchReport inside = JsonSerializer.Deserialize(embedded.Groups["json"].Value, ReportJson.Default.BenchReport)!;
        BenchReport beside = JsonSerializer.Deserialize(json, ReportJson.Default.BenchReport)!;
        Assert.Equal(
            JsonSerializer.Serialize(beside, ReportJson.Default.BenchReport),
            JsonSerializer.Serialize(inside, ReportJson.Default.BenchReport));
        Assert.Contains("emulated", page, StringComparison.Ordinal);
        Assert.Contains(BenchTable.Number(beside.Points[0].MegabytesPerSecond), page, StringComparison.Ordinal);
        Assert.Contains("prefers-color-scheme: dark", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_s_own_image_is_only_read()
    {
        string image = _shop.Noise("image.raw", 8 << 20, seed: 1);
        string digest = Workshop.Digest(image);

        ToolResult result = await Tool.RunAsync(["bench", "--json", "--image", image, .. s_short[2..]]);

        Assert.True(result.ExitCode == 0, $"{result}");
        BenchReport report = JsonSerializer.Deserialize(result.Output, ReportJson.Default.BenchReport)!;
        Assert.All(report.Points, point => Assert.Equal("read", point.Operation));
        Assert.True(report.Verification is { IsOkay: true, BytesWritten: 0 }, report.Verification.Sentence);
        Assert.Equal(digest, Workshop.Digest(image));
    }

    [Theory]
    [InlineData("--store", "memory")]
    [InlineData("--store", "null")]
    [InlineData("--access", "persistent")]
    [InlineData("--access", "copy")]
    [InlineData("--grants", "table")]
    [InlineData("--processes", "2")]
    [InlineData("--pattern", "random")]
    public async Task Bench_runs_with(string option, string value)
    {
        ToolResult result = await Tool.RunAsync(["bench", "--json", option, value, .. s_short]);

        Assert.True(result.ExitCode == 0, $"{result}");
        BenchReport report = JsonSerializer.Deserialize(result.Output, ReportJson.Default.BenchReport)!;
        Assert.Equal(36, report.Points.Count);
        Assert.Equal(value is not "null", report.Verification.IsOkay);
        double copies = report.Points.Max(point => point.CopyCallsPerOperation);
        Assert.Equal(value is "copy", copies > 0);
        Assert.Equal(value is "copy", report.Points.All(point => point.PiecesPerCopyCall >= 1));
        Assert.Equal(value is "persistent", report.Points.Any(point => point.PersistentHitShare > 0.5));
        bool isMapped = value is not ("copy" or "persistent");
        Assert.Equal(isMapped, report.Points.All(point => point.PagesPerMapCall >= 1));
    }

    [Fact]
    public async Task The_model_run_shows_the_thread_s_four_figures_beside_its_own()
    {
        ToolResult result = await Tool.RunAsync(
            "bench", "--json", "--model", "sd2014", "--size", "8M", "--seconds", "0.05", "--repeats", "1");

        Assert.True(result.ExitCode == 0, $"{result}");
        BenchReport report = JsonSerializer.Deserialize(result.Output, ReportJson.Default.BenchReport)!;
        Assert.Equal(8, report.Model!.Points.Count);
        Assert.Contains("keeps no data", report.Verification.Sentence, StringComparison.Ordinal);
        Assert.Equal(
            [18.27, 21.32, 7.07, 9.17],
            report.Model.Points.Where(point => point.Depth == 1).Select(point => point.PublishedMegabytesPerSecond));

        // Time on a shared computer only ever makes it slower: the model is an upper bound that cannot be passed.
        Assert.All(
            report.Model.Points,
            point => Assert.InRange(point.MeasuredMegabytesPerSecond, 0.01, point.ModelMegabytesPerSecond * 1.05));
    }

    [Fact]
    public async Task The_temporary_image_is_gone_after_a_run_and_after_ctrl_c()
    {
        string temporary = _shop.Path("temporary");
        Directory.CreateDirectory(temporary);
        using RunningTool bench = RunningTool.StartBy(["env", "TMPDIR=" + temporary], "bench", "--size", "8M");
        await Workshop.UntilAsync(
            () => Directory.GetFiles(temporary, "*.raw", SearchOption.AllDirectories).Length == 1, "the image is made");

        await bench.SignalAsync("INT");
        ToolResult end = await bench.EndAsync();

        Assert.True(end.ExitCode == 130, $"{end}");
        Assert.Empty(Directory.GetFileSystemEntries(temporary));
    }

    [Fact]
    public async Task Info_tells_what_was_agreed_and_why_each_no()
    {
        using RunningTool serve = await _shop.ServeAsync(
            _shop.Sparse("image.raw", 1 << 20), "--read-only", "--queues", "3");

        ToolResult text = await Tool.RunAsync("info", "xvda", "--machine", _shop.Socket);
        ToolResult json = await Tool.RunAsync("info", "xvda", "--machine", _shop.Socket, "--json");

        Assert.True(text.ExitCode == 0, $"{text}");
        Assert.Contains("feature-max-indirect-segments", text.Output, StringComparison.Ordinal);
        Assert.Contains("read-only", text.Output, StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(json.Output);
        Assert.Equal(1 << 20, document.RootElement.GetProperty("sizeBytes").GetInt64());
        Assert.False(document.RootElement.GetProperty("isInUse").GetBoolean());
        JsonElement[] features = [.. document.RootElement.GetProperty("features").EnumerateArray()];
        JsonElement no = features.Single(f => f.GetProperty("name").GetString() is "feature-barrier");
        Assert.NotEmpty(no.GetProperty("reason").GetString()!);
        JsonElement queues = features.Single(f => f.GetProperty("name").GetString() is "multi-queue-num-queues");
        Assert.Equal("3", queues.GetProperty("offered").GetString());
        Assert.StartsWith(
            "persistent: ", document.RootElement.GetProperty("accessReasons").GetString(), StringComparison.Ordinal);
        Assert.Contains("Pages are reached by persistent: ", text.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Info_looks_at_a_disk_in_use_without_touching_it()
    {
        using RunningTool serve = await _shop.ServeAsync(_shop.Sparse("image.raw", 4 << 20), "--access", "auto");
        using RunningTool copy = RunningTool.Start("cp", "--machine", _shop.Socket, "-", "xvda");
        await copy.Input.WriteAsync(Enumerable.Repeat((byte)9, 1 << 20).ToArray());
        await copy.Input.FlushAsync();
        await Workshop.UntilAsync(
            () => Workshop.Read(_shop.Path("image.raw"), 1)[0] == 9, "the first write reaches the image");

        ToolResult json = await Tool.RunAsync("info", "xvda", "--machine", _shop.Socket, "--json");
        copy.Input.Close();
        ToolResult end = await copy.EndAsync();

        Assert.True(json.ExitCode == 0, $"{json}");
        using JsonDocument document = JsonDocument.Parse(json.Output);
        Assert.True(document.RootElement.GetProperty("isInUse").GetBoolean());
        Assert.Equal(4 << 20, document.RootElement.GetProperty("sizeBytes").GetInt64());
        Assert.NotEqual(0, document.RootElement.GetProperty("features").GetArrayLength());
        Assert.StartsWith(
            "auto: ", document.RootElement.GetProperty("accessReasons").GetString(), StringComparison.Ordinal);
        Assert.True(end.ExitCode == 0, $"{end}");
    }

    [Fact]
    public async Task Serve_and_cp_answer_in_json_lines()
    {
        string image = _shop.Noise("image.raw", 1 << 20, seed: 2);
        using RunningTool serve = RunningTool.Start("serve", "--machine", _shop.Socket, "--json", image);
        using JsonDocument ready = JsonDocument.Parse(await serve.LineAsync("ready"));

        ToolResult copy = await _shop.CopyAsync("--json", "xvda", _shop.Path("copy.raw"));
        await serve.SignalAsync("TERM");
        ToolResult end = await serve.EndAsync();

        Assert.Equal("xvda", ready.RootElement.GetProperty("disks")[0].GetProperty("vdev").GetString());
        using JsonDocument copied = JsonDocument.Parse(copy.Output);
        Assert.Equal(1 << 20, copied.RootElement.GetProperty("bytes").GetInt64());
        using JsonDocument served =
            JsonDocument.Parse(end.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]);
        Assert.Equal("xenblk.served/1", served.RootElement.GetProperty("schema").GetString());
        Assert.Equal(1 << 20, served.RootElement.GetProperty("bytesRead").GetInt64());
    }

    // Whatever a browser would fetch.
    [GeneratedRegex(@"(?:src|href)\s*=|@import|url\(|fetch\(|XMLHttpRequest")]
    private static partial Regex OutsideReference();

    [GeneratedRegex(@"<script type=""application/json"" id=""report"">(?<json>.*?)</script>", RegexOptions.Singleline)]
    private static partial Regex EmbeddedReport();
}
