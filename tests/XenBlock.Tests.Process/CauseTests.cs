using System.Text.Json;
using Xunit;

namespace XenBlock.Tests.Process;

/// <summary>
/// A disk between two processes with a cause planted in one of them, and the same without: a third process traces it,
/// and the diagnosis names that cause or does not.
/// </summary>
public sealed class CauseTests : IDisposable
{
    // Less than what a rule takes for long, and enough that a tracer can keep up.
    private const int UsualUs = 30;
    private const int TracesMax = 6;
    private readonly Workshop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Theory]
    [InlineData("D1", "--access map", "--access persistent")]
    [InlineData("D9", "--access map", "--access persistent")]
    [InlineData("D12", "--access persistent --persistent-pages 4", "--access persistent")]
    public async Task A_cause_in_the_backends_process_is_named_from_outside(string rule, string bad, string repaired)
    {
        await AssertNamedAsync(rule, isNamed: true, "bad", bad, UsualUs);
        await AssertNamedAsync(rule, isNamed: false, "repaired", repaired, UsualUs);
    }

    [Theory]
    [InlineData("D13", 500, false, 0)]
    [InlineData("D14", UsualUs, true, UsualUs)]
    public async Task A_cause_in_the_frontends_process_is_named_from_outside(
        string rule, int workUs, bool collectsGarbage, int repairedWorkUs)
    {
        const string Serve = "--access persistent";
        await AssertNamedAsync(rule, isNamed: true, "bad", Serve, workUs, collectsGarbage);
        await AssertNamedAsync(rule, isNamed: false, "repaired", Serve, repairedWorkUs);
    }

    private async Task AssertNamedAsync(
        string rule, bool isNamed, string name, string serveArguments, int workUs, bool collectsGarbage = false)
    {
        string image = _shop.Sparse($"{name}.raw", 64 << 20);
        using RunningTool serve = await _shop.ServeAsync(
            ["--allow-trace", "--queues", "1", .. serveArguments.Split(' '), image]);
        await using (ReadingDisk disk = await ReadingDisk.StartAsync(_shop.Socket, workUs, collectsGarbage))
        {
            // Where others keep the processors from these three, records are lost, and that waiting is what is named.
            JsonElement trace = default;
            for (int i = 0; i < TracesMax && (i == 0 || CannotTell(trace) || Names(rule, trace) != isNamed); i++)
                trace = await _shop.TraceAsync(name, "--seconds", "2");
            AssertRule(rule, isNamed, trace);

            // What was saved says the same by its records alone.
            File.Delete(_shop.Path($"{name}/trace.json"));
            ToolResult alone = await Tool.RunAsync("trace", "--open", _shop.Path($"{name}/ctf"), "--json");
            Assert.True(alone.ExitCode == 0, $"{alone}");
            AssertRule(rule, isNamed, JsonDocument.Parse(alone.Output).RootElement);
        }

        await serve.SignalAsync("TERM");
        await serve.EndAsync();
    }

    private static void AssertRule(string rule, bool isNamed, JsonElement trace)
    {
        Assert.True(Names(rule, trace) == isNamed, $"{rule} {isNamed}: {trace.GetProperty("diagnosis")}");
        Assert.False(CannotTell(trace), $"{trace.GetProperty("diagnosis")}");
    }

    private static bool Names(string rule, JsonElement trace) =>
        trace.GetProperty("diagnosis").GetProperty("findings").EnumerateArray()
            .Any(finding => finding.GetProperty("rule").GetString() == rule);

    private static bool CannotTell(JsonElement trace) =>
        trace.GetProperty("diagnosis").GetProperty("headline").GetString()!.Contains("D0", StringComparison.Ordinal);
}
