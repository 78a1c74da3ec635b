using XenBlock.Cli.Report;
using Xunit;

namespace XenBlock.Tests.Cli;

public sealed class FindingsTests
{
    [Fact]
    public void The_headline_compares_the_most_requests_with_the_fewest()
    {
        IReadOnlyList<string> findings = Findings.Of(
            [Point(1 << 20, 1, "direct 11", 1000, 24, cpu: 500), Point(1 << 20, 1, "indirect 256", 2500, 1, cpu: 100)],
            granted: null);

        Assert.Contains("1,000 MB/s in 24 requests (direct 11)", findings[0], StringComparison.Ordinal);
        Assert.Contains("2,500 MB/s in 1 (indirect 256): 150 % more", findings[0], StringComparison.Ordinal);
        Assert.Contains("20 % of the processor time", findings[0], StringComparison.Ordinal);
    }

    [Fact]
    public void The_words_follow_the_numbers()
    {
        string less = Findings.Of(
            [Point(1 << 20, 1, "direct 11", 2000, 24, 100), Point(1 << 20, 1, "indirect 256", 1000, 1, 100)], null)[0];
        string same = Findings.Of(
            [Point(1 << 20, 1, "direct 11", 1000, 24, 100), Point(1 << 20, 1, "indirect 256", 1020, 1, 100)], null)[0];

        Assert.Contains("50 % less", less, StringComparison.Ordinal);
        Assert.Contains("the same within 5 %", same, StringComparison.Ordinal);
    }

    [Fact]
    public void A_single_point_still_gets_a_sentence()
    {
        string sentence = Assert.Single(Findings.Of([Point(4096, 32, "direct 11", 800, 1, 2)], granted: null));

        Assert.Contains("4 KiB at depth 32", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_measured_is_nothing_said() => Assert.Empty(Findings.Of([], granted: null));

    [Fact]
    public void A_model_that_is_missed_is_said_to_be_missed()
    {
        ModelPointReport met = new("read", 45_056, 1, "direct 11", 18.27, 18.27, 18.0, -0.015);
        ModelPointReport missed = new("read", 1 << 20, 1, "indirect 256", 21.32, 21.32, 19.0, -0.109);
        ModelReport good = new("sd2014", "", [met], IsWithinFivePercent: true);
        ModelReport bad = new("sd2014", "", [met, missed], IsWithinFivePercent: false);

        Assert.Contains("are met within 1.5 %", Findings.Of(good)[0], StringComparison.Ordinal);
        Assert.Contains("off by 10.9 %", Findings.Of(bad)[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Where_copying_and_mapping_cross_is_said_in_words()
    {
        // Copying has twice the bandwidth at 4 KiB and half of it at 64 KiB: they are level at 16 KiB.
        PointReport[] points =
        [
            Point(4 << 10, 1, "indirect 256", 100, 1, 1, "map"), Point(4 << 10, 1, "indirect 256", 200, 1, 1, "copy"),
            Point(64 << 10, 1, "indirect 256", 400, 1, 1, "map"), Point(64 << 10, 1, "indirect 256", 200, 1, 1, "copy"),
        ];
        IReadOnlyList<string> findings = Findings.Of(points, granted: null);
        Assert.Equal(
            "Is map and unmap always slower than a copy? No: at 1 of 2 points here it is, at 1 it is faster.",
            findings[0]);
        Assert.Equal(
            "Read, depth 1: copying beats mapping one by one up to about 16.0 KiB, and loses above it (2.00 times at "
                + "4 KiB, 0.50 times at 64 KiB).",
            findings[1]);
    }

    [Theory]
    [InlineData(new[] { 2.0, 1.5, 1.2 }, null)]
    [InlineData(new[] { 0.5, 0.6, 0.9 }, null)]
    [InlineData(new[] { 0.5, 2.0, 4.0 }, 8192.0)]
    [InlineData(new[] { 4.0, 2.0, 0.5 }, 32768.0)]
    public void Curves_cross_where_their_ratio_is_one(double[] ratios, double? bytes)
    {
        double? crossing = AccessFindings.CrossingBytes([4096, 16384, 65536], ratios);
        Assert.Equal(bytes is null, crossing is null);
        if (bytes is { } expected) Assert.Equal(expected, crossing!.Value, 0.01 * expected);
    }

    private static PointReport Point(
        int sizeBytes,
        int depth,
        string mode,
        double megabytesPerSecond,
        double requests,
        double cpu,
        string access = "map") => new()
        {
            Operation = "read",
            SizeBytes = sizeBytes,
            Depth = depth,
            Mode = mode,
            Access = access,
            MegabytesPerSecond = megabytesPerSecond,
            OperationsPerSecond = megabytesPerSecond * 1e6 / sizeBytes,
            P50Microseconds = 1,
            P99Microseconds = 2,
            CpuMicrosecondsPerOperation = cpu,
            RequestsPerOperation = requests,
            MapCallsPerOperation = requests,
            UnmapCallsPerOperation = requests,
            CopyCallsPerOperation = 0,
            NotificationsPerOperation = 1,
            HypercallsPerRequest = 3,
            Spread = 0,
            Samples = 1,
        };
}
