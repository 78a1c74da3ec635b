using System.Diagnostics;
using Xunit;

namespace XenBlock.Tests.Soak;

/// <summary>
/// The short form of ./x soak: frontends and backends in processes of their own, killed and restarted under traffic.
/// </summary>
public sealed class SoakTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Random_traffic_through_kills_and_restarts_ends_with_nothing_wrong_lost_doubled_or_leaked()
    {
        (int code, string said) = await RunAsync("--seconds", "15", "--seed", "1");
        output.WriteLine(said);
        Assert.True(code == 0, said);
        Assert.Contains("no mismatch", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lost-write")]
    [InlineData("doubled-write")]
    public async Task The_shadow_finds_a_planted_fault(string fault)
    {
        (int code, string said) = await RunAsync("--seconds", "60", "--seed", "3", "--plant", fault);
        Assert.True(code == 1, said);
        Assert.Contains("mismatch: block", said, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Said)> RunAsync(params string[] words)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "XenBlock.Soak"), words)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        using Process soak = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        string said = await soak.StandardOutput.ReadToEndAsync(limit.Token);
        await soak.WaitForExitAsync(limit.Token);
        return (soak.ExitCode, said);
    }
}
