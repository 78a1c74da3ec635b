using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace XenBlock.Tests.Process;

/// <summary>serve --metrics, fetched as Prometheus does, and the dashboard that is drawn from it.</summary>
public sealed partial class MetricsTests : IDisposable
{
    private readonly Workshop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task Prometheus_finds_every_metric_that_the_dashboard_draws()
    {
        int port = FreePort();
        using RunningTool serve = await _shop.ServeAsync(
            _shop.Noise("image.raw", 4 << 20, seed: 1), "--metrics", $"{port}");
        ToolResult copy = await _shop.CopyAsync("xvda", _shop.Path("copy.raw"));
        Assert.True(copy.ExitCode == 0, $"{copy}");
        using HttpClient client = new();
        string text = await client.GetStringAsync(
            new Uri($"http://127.0.0.1:{port}/metrics"), TestContext.Current.CancellationToken);

        Match bytes = Regex.Match(
            text, """^xenblk_backend_io_bytes_total\{.*operation="read".*\} (?<bytes>\d+)$""", Lines);
        Assert.True(bytes.Success, text);
        Assert.InRange(long.Parse(bytes.Groups["bytes"].Value, CultureInfo.InvariantCulture), 4 << 20, long.MaxValue);
        HashSet<string> offered = [.. Name().Matches(text).Select(match => match.Value)];
        string[] drawn = Drawn();
        Assert.True(drawn.Length > 10, "the dashboard draws next to nothing");
        Assert.Empty(drawn.Except(offered));

        await serve.SignalAsync("TERM");
        Assert.Equal(0, (await serve.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task A_collector_gets_them_by_OTLP_at_the_latest_when_the_serving_ends()
    {
        int port = FreePort();
        using HttpListener collector = new() { Prefixes = { $"http://127.0.0.1:{port}/" } };
        collector.Start();
        Task<HttpListenerContext> coming = collector.GetContextAsync();
        using RunningTool serve = await _shop.ServeAsync(
            _shop.Sparse("image.raw", 1 << 20), "--metrics", $"http://127.0.0.1:{port}/v1/metrics");
        await serve.SignalAsync("TERM");
        HttpListenerContext context = await coming.WaitAsync(Tool.Deadline, TestContext.Current.CancellationToken);
        using MemoryStream body = new();
        await context.Request.InputStream.CopyToAsync(body, TestContext.Current.CancellationToken);
        context.Response.Close();

        Assert.Equal("application/x-protobuf", context.Request.ContentType);
        string said = Encoding.UTF8.GetString(body.ToArray());
        Assert.Contains("xenblk.backend.grant.calls", said, StringComparison.Ordinal);
        Assert.Equal(0, (await serve.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_a_sentence()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        ToolResult result = await Tool.RunAsync(
            "serve", "--machine", _shop.Socket, _shop.Sparse("image.raw", 1 << 20), "--metrics", $"{port}");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains($"Port {port} of 127.0.0.1 cannot be had", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("0")]
    [InlineData("70000")]
    [InlineData("ftp://host/")]
    public async Task What_is_no_place_for_metrics_is_refused(string word)
    {
        ToolResult result = await Tool.RunAsync(
            "serve", "--machine", _shop.Socket, _shop.Sparse("image.raw", 1 << 20), "--metrics", word);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains($"--metrics {word}", result.Error, StringComparison.Ordinal);
    }

    private const RegexOptions Lines = RegexOptions.Multiline | RegexOptions.ExplicitCapture;

    private static string[] Drawn()
    {
        string path = Path.Combine(Root(), "packaging", "grafana", "xenblock.json");
        using JsonDocument dashboard = JsonDocument.Parse(File.ReadAllText(path));
        return
        [
            .. dashboard.RootElement.GetProperty("panels").EnumerateArray()
                .Where(panel => panel.TryGetProperty("targets", out _))
                .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
                .SelectMany(target => Name().Matches(target.GetProperty("expr").GetString()!))
                .Select(match => match.Value)
                .Distinct(),
        ];
    }

    // The folder of the solution, above that of the built tests.
    internal static string Root()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "XenBlock.slnx"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }

    internal static int FreePort()
    {
        using TcpListener probe = new(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    [GeneratedRegex(@"\b(xenblk|dotnet)_[a-z_]+\b", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Name();
}
