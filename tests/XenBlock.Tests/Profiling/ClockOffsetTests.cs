using XenBlock.Profiling;
using Xunit;

namespace XenBlock.Tests.Profiling;

/// <summary>Two clocks brought together from made-up exchanges whose truth is known.</summary>
public sealed class ClockOffsetTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1_234_567_890_123, 0)]
    [InlineData(-987_654_321_987, 2e-5)]
    [InlineData(55_000_000_000, -4e-4)]
    public void An_offset_and_its_drift_are_found_within_the_error_that_is_said(long offsetNs, double drift)
    {
        ClockBound[] bounds = Exchange(seed: 7, count: 2000, offsetNs, drift);
        ClockOffset? found = ClockOffset.Estimate(bounds, out string problem);
        Assert.True(found is not null, problem);
        Assert.Equal(2000, found.RequestCount);
        long truth = offsetNs + (long)(drift * (found.AtNs - bounds[0].PublishedNs));
        Assert.InRange(found.OffsetNs, truth - found.ErrorNs - 1, truth + found.ErrorNs + 1);
        Assert.InRange(found.ErrorNs, 0, 5_000); // the quickest ways there and back take 2 us together
        foreach (ClockBound bound in bounds)
        {
            // The order of cause and effect is kept for every request, by the line that was found.
            Assert.True(found.ToFrontend(bound.TakenNs) >= bound.PublishedNs - 2, $"{bound}");
            Assert.True(found.ToFrontend(bound.AnsweredNs) <= bound.FinishedNs + 2, $"{bound}");
        }
    }

    [Fact]
    public void A_drift_is_not_made_up_where_none_is_needed()
    {
        ClockOffset? found = ClockOffset.Estimate(Exchange(seed: 3, count: 500, 1_000_000, 0), out _);
        Assert.Equal(0, found!.Drift);
    }

    [Fact]
    public void A_clock_that_was_set_meanwhile_is_noticed()
    {
        ClockBound[] bounds =
        [
            .. Exchange(seed: 1, count: 100, 0, 0),
            .. Exchange(seed: 2, count: 100, 50_000_000, 0),
        ];
        Assert.Null(ClockOffset.Estimate(bounds, out string problem));
        Assert.Contains("contradict", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Bounds_of_a_peer_that_makes_them_up_are_refused()
    {
        ClockBound[] bounds = Exchange(seed: 1, count: 100, 0, 0);
        bounds[50] = new ClockBound(0, long.MaxValue, long.MinValue, long.MaxValue);
        Assert.Null(ClockOffset.Estimate(bounds, out _));
    }

    [Fact]
    public void Too_few_requests_say_so()
    {
        Assert.Null(ClockOffset.Estimate(Exchange(seed: 1, count: 3, 0, 0), out string problem));
        Assert.Contains("only 3 requests", problem, StringComparison.Ordinal);
    }

    // Requests one after another over half a minute; each takes at least 1 us each way and at most 200.
    private static ClockBound[] Exchange(int seed, int count, long offsetNs, double drift)
    {
        var random = new Random(seed);
        const long StartNs = 4_000_000_000_000_000;
        var bounds = new ClockBound[count];
        for (int i = 0; i < count; i++)
        {
            long published = StartNs + (i * (30_000_000_000L / count));
            long taken = published + random.Next(1_000, 200_000);
            long answered = taken + random.Next(1_000, 1_000_000);
            long finished = answered + random.Next(1_000, 200_000);
            bounds[i] = new ClockBound(published, finished, Back(taken), Back(answered));
        }

        return bounds;

        long Back(long timeNs) => timeNs + offsetNs + (long)(drift * (timeNs - StartNs));
    }
}
