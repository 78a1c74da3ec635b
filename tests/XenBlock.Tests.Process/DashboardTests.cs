using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace XenBlock.Tests.Process;

/// <summary>The dashboard's queries, evaluated by a real Prometheus that scrapes a loaded backend.</summary>
public sealed class DashboardTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private readonly Workshop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task Prometheus_answers_every_query_of_the_dashboard()
    {
        Tool.Require("prometheus", "prometheus");
        int offered = MetricsTests.FreePort();
        int asked = MetricsTests.FreePort();
        using RunningTool serve = await _shop.ServeAsync(
            "--access", "persistent", "--persistent-pages", "16", "--metrics", $"{offered}",
            _shop.Sparse("image.raw", 16 << 20));
        using RunningTool load = RunningTool.Start(
            "verify", "--machine", _shop.Socket, "xvda", "--overwrite", "--seconds", "600", "--jobs", "4");
        using RunningTool prometheus = Prometheus(offered, asked);
        using HttpClient client = new() { BaseAddress = new Uri($"http://127.0.0.1:{asked}/") };
        await Workshop.UntilAsync(() => IsReady(client), "Prometheus is ready");

        // A rate needs two looks; the last one comes when a moment of load is behind both.
        Dictionary<string, string> unanswered = Queries().ToDictionary(query => query, _ => "not asked");
        Assert.True(unanswered.Count > 15, "the dashboard asks next to nothing");
        using CancellationTokenSource deadline = new(s_patience);
        while (unanswered.Count != 0 && !deadline.IsCancellationRequested)
        {
            await Task.Delay(500, TestContext.Current.CancellationToken);
            foreach (string query in unanswered.Keys.ToArray())
            {
                string answer = await AskAsync(client, query);
                if (IsFull(answer)) unanswered.Remove(query);
                else unanswered[query] = answer;
            }
        }

        Assert.True(unanswered.Count == 0, string.Join("\n", unanswered));

        // The controls: a metric that nobody has is no answer, and neither is what cannot be parsed.
        Assert.False(IsFull(await AskAsync(client, "api/v1/query?query=xenblk_nothing")));
        Assert.Contains("error", await AskAsync(client, "api/v1/query?query=rate(xenblk"), StringComparison.Ordinal);
        await prometheus.SignalAsync("TERM");
        await prometheus.EndAsync();
        await load.SignalAsync("TERM");
        await load.EndAsync();
    }

    private RunningTool Prometheus(int offered, int asked)
    {
        File.WriteAllText(_shop.Path("prometheus.yml"), $$"""
            global: { scrape_interval: 1s, scrape_timeout: 1s }
            scrape_configs:
              - job_name: xenblk
                static_configs: [ { targets: [ "127.0.0.1:{{offered}}" ] } ]

            """);
        return RunningTool.StartProgram(
        [
            "prometheus", $"--config.file={_shop.Path("prometheus.yml")}", $"--storage.tsdb.path={_shop.Path("tsdb")}",
            $"--web.listen-address=127.0.0.1:{asked}", "--log.level=error",
        ]);
    }

    // As Grafana asks: with its variables put in, "All" chosen; and the values of the variables themselves.
    private static IEnumerable<string> Queries()
    {
        string path = Path.Combine(MetricsTests.Root(), "packaging", "grafana", "xenblock.json");
        using JsonDocument dashboard = JsonDocument.Parse(File.ReadAllText(path));
        foreach (JsonElement variable in dashboard.RootElement.GetProperty("templating").GetProperty("list")
            .EnumerateArray())
        {
            if (variable.GetProperty("type").GetString() != "query") continue;
            string wanted = Filled(variable.GetProperty("query").GetString()!);
            Match values = Regex.Match(wanted, @"^label_values\((.+), (\w+)\)$");
            Assert.True(values.Success, $"{variable}");
            string series = Uri.EscapeDataString(values.Groups[1].Value);
            yield return $"api/v1/label/{values.Groups[2].Value}/values?match[]={series}";
        }

        foreach (JsonElement panel in dashboard.RootElement.GetProperty("panels").EnumerateArray())
        {
            if (!panel.TryGetProperty("targets", out JsonElement targets)) continue;
            foreach (JsonElement target in targets.EnumerateArray())
            {
                string query = Filled(target.GetProperty("expr").GetString()!);
                yield return $"api/v1/query?query={Uri.EscapeDataString(query)}";
            }
        }
    }

    private static string Filled(string expression)
    {
        string filled = expression
            .Replace("$domain", ".*", StringComparison.Ordinal)
            .Replace("$disk", ".*", StringComparison.Ordinal)
            .Replace("$__rate_interval", "10s", StringComparison.Ordinal);
        Assert.DoesNotContain("$", filled, StringComparison.Ordinal);
        return filled;
    }

    private static bool IsReady(HttpClient client)
    {
        try
        {
            return client.GetAsync(new Uri("-/ready", UriKind.Relative)).GetAwaiter().GetResult().IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // it does not listen yet
        }
    }

    private static async Task<string> AskAsync(HttpClient client, string query)
    {
        using HttpResponseMessage response = await client.GetAsync(new Uri(query, UriKind.Relative));
        return await response.Content.ReadAsStringAsync();
    }

    private static bool IsFull(string answer)
    {
        JsonElement root = JsonDocument.Parse(answer).RootElement;
        if (root.GetProperty("status").GetString() != "success") return false;
        JsonElement data = root.GetProperty("data");
        return (data.ValueKind == JsonValueKind.Array ? data : data.GetProperty("result")).GetArrayLength() != 0;
    }
}
