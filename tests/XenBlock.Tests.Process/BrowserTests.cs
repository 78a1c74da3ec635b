using System.Text.Json;
using XenBlock.Cli.Report;
using XenBlock.Cli.Trace;
using XenBlock.Profiling;
using XenBlock.Profiling.Views;
using XenBlock.Tests.Profiling.Views;
using XenBlock.Tracing;
using Xunit;

namespace XenBlock.Tests.Process;

/// <summary>The pages in Debian's chromium; what is checked is in tests/XenBlock.Tests.Browser/report.mjs.</summary>
public sealed class BrowserTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);
    private readonly Workshop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task The_pages_work_in_a_browser_by_keyboard_on_a_phone_and_without_a_network()
    {
        string root = Root();
        string modules = Path.Combine(root, "artifacts", "browser");
        Tool.Require("chromium", "chromium");
        Tool.Require("node", "nodejs");
        Assert.SkipUnless(
            Directory.Exists(Path.Combine(modules, "node_modules", "playwright-core")),
            "artifacts/browser has no playwright-core and axe-core: ./x packages, with nodejs and npm");
        await RunBenchAsync("before", "map");
        await RunBenchAsync("after", "persistent");
        string compare = _shop.Path("compare.html");
        ToolResult compared =
            await Tool.RunAsync("compare", _shop.Path("before"), _shop.Path("after"), "--out", compare);
        Assert.True(compared.ExitCode == 0, $"{compared}");
        string large = Path.Combine(modules, "large.html");
        await File.WriteAllTextAsync(large, await LargeAsync(), TestContext.Current.CancellationToken);
        string followed = Path.Combine(modules, "followed.html");
        await File.WriteAllTextAsync(followed, Followed(), TestContext.Current.CancellationToken);

        (int code, string output) = await Tool.RunProgramAsync(
            s_patience,
            "node",
            Path.Combine(root, "tests", "XenBlock.Tests.Browser", "report.mjs"),
            modules,
            _shop.Path("before/report.html"),
            compare,
            large,
            followed,
            Path.Combine(modules, "shots"));

        TestContext.Current.TestOutputHelper?.WriteLine(output);
        Assert.True(code == 0, output);
        Assert.DoesNotContain("not ok", output, StringComparison.Ordinal);
        Assert.Contains("ok the checks find planted faults", output, StringComparison.Ordinal);
    }

    private async Task RunBenchAsync(string directory, string access)
    {
        ToolResult result = await Tool.RunAsync(
            "bench", "--trace", "phases", "--out", _shop.Path(directory), "--access", access, "--size", "8M", "--sizes",
            "4K,256K", "--depths", "1,32", "--modes", "indirect256", "--seconds", "0.02", "--repeats", "3");
        Assert.True(result.ExitCode == 0, $"{result}");
    }

    // The page of a long trace: a real report, its first point with 125,000 requests instead of its own.
    private async Task<string> LargeAsync()
    {
        BenchReport report = JsonSerializer.Deserialize(
            await File.ReadAllTextAsync(_shop.Path("before/report.json"), TestContext.Current.CancellationToken),
            ReportJson.Default.BenchReport)!;
        List<RequestTrace> requests = Requests.Batches(125_000, depth: 32, seed: 1);
        TraceStatistics statistics = TraceStatistics.Of([], requests, incomplete: 0, slotCount: 32);
        TraceView view = TraceView.Of(statistics, [], requests, requests.Count);
        PointReport point = report.Points[0] with
        {
            Phases = PhasesReport.Of(PhaseSummary.Of(requests, incomplete: 0, lost: 0)),
            Trace = TraceReport.Of(view),
        };
        return HtmlReport.Render(report with
        {
            Points = [point, .. report.Points.Skip(1).Select(one => one with { Trace = null, Phases = null })],
            Traced = [new TracedRequests(0, view.StartNs, view.Kept)],
        });
    }

    // The page of a disk that was followed, with as many requests, of which every third writes.
    private static string Followed()
    {
        RequestTrace[] requests =
        [
            .. Requests.Batches(125_000, depth: 32, seed: 2).Index().Select(one => one.Index % 3 == 0
                ? one.Item with { Kind = TraceEventKind.WriteGranted, Disk = "1/xvda" }
                : one.Item with { Disk = "1/xvda" }),
        ];
        FollowedTrace trace = new(
            [new FollowedPart("", [], requests, Incomplete: 0)], ClockOffset.Same, "both ends have one clock");
        TraceDocument document = TraceJob.Describe(trace, saved: null) with
        {
            Vdev = "xvda",
            Domain = 1,
            Machine = "a machine that was made up",
            IsEmulated = true,
            Ends = "frontend (dom1), backend (dom0)",
            Seconds = 5,
        };
        return TracedDiskPage.Render(document, TracedDiskPoints.Of(trace, document.Diagnosis))!;
    }

    private static string Root()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "XenBlock.slnx")))
                return at.FullName;
        }

        throw new DirectoryNotFoundException("the tests must run from a build inside the repository");
    }
}
