using XenBlock.Cli.Report;
using XenBlock.Cli.Top;
using XenBlock.Profiling;
using Xunit;

namespace XenBlock.Tests.Process;

/// <summary>The screen of top and its keys, which depend on nothing but what they are given.</summary>
public sealed class TopScreenTests
{
    private static readonly TopSample[] _samples =
    [
        Sample("1/xvda", requests: 100, bytes: 400_000_000, p99Ns: 90_000),
        Sample("2/xvdb", requests: 5_000, bytes: 20_000_000, p99Ns: 2_000_000_000),
        new() { Disk = "10/xvda", Seconds = 1, Verdict = "not traced: nobody lets it be" },
    ];

    [Theory]
    [InlineData(80)]
    [InlineData(200)]
    [InlineData(20)]
    public void No_line_is_longer_than_the_screen_and_every_disk_is_on_it(int width)
    {
        foreach (bool isZoomed in new[] { false, true })
        {
            IReadOnlyList<string> lines =
                TopScreen.Draw(_samples, new TopState { IsZoomed = isZoomed }, "Xen", width);
            Assert.All(lines, line => Assert.InRange(line.Length, 0, width));
            Assert.StartsWith(lines[^1].TrimEnd('~'), TopState.Help, StringComparison.Ordinal);
            if (!isZoomed) Assert.All(_samples, one => Assert.Contains(lines, line => line.Contains(one.Disk)));
        }
    }

    [Fact]
    public void A_bar_is_as_long_as_there_is_room_and_its_letters_are_the_shares()
    {
        string line = TopScreen.Draw(_samples, new TopState(), "Xen", 132)
            .Single(one => one.StartsWith(">1/xvda", StringComparison.Ordinal));
        string bar = line.Split(' ')[^1];
        Assert.Equal(78, bar.Length);
        Assert.Equal(bar.Count(letter => letter == 'S'), 3 * bar.Count(letter => letter == 'm'), 3.0);
        Assert.Equal("mS", string.Concat(bar.Distinct()));
    }

    [Theory]
    [InlineData(840, "0.8us")]
    [InlineData(90_000, "90.0us")]
    [InlineData(9_999_000, "9999us")]
    [InlineData(9_999_600, "10.0ms")]
    [InlineData(210_400_000, "210ms")]
    [InlineData(1_600_000_000, "1.6s")]
    public void A_latency_has_its_unit_and_six_columns(long p99Ns, string expected)
    {
        TopSample[] samples = [Sample("1/xvda", requests: 100, bytes: 4096, p99Ns)];
        IReadOnlyList<string> lines = TopScreen.Draw(samples, new TopState(), "Xen", 80);
        string line = lines.Single(one => one.StartsWith(">1/xvda", StringComparison.Ordinal));
        Assert.Contains($" {expected} ", line, StringComparison.Ordinal);
        Assert.Contains("   p99 ", lines.Single(one => one.StartsWith("disk", StringComparison.Ordinal)));
        Assert.Equal(' ', line[52]); // where the bar's column begins
        Assert.NotEqual(' ', line[54]);
    }

    [Theory]
    [InlineData(ConsoleKey.T, "1/xvda")]
    [InlineData(ConsoleKey.B, "2/xvdb")]
    [InlineData(ConsoleKey.L, "2/xvdb")]
    [InlineData(ConsoleKey.N, "1/xvda")]
    public void A_key_sorts(ConsoleKey key, string first)
    {
        TopState state = Press(new TopState(), key);
        Assert.Equal(first, state.Sort(_samples)[0].Disk);
        Assert.Equal(_samples.Length, state.Sort(_samples).Count);
    }

    [Fact]
    public void Arrows_choose_enter_zooms_and_escape_goes_back_and_then_ends()
    {
        TopState state = Press(new TopState(), ConsoleKey.DownArrow);
        Assert.Equal("2/xvdb", state.Chosen);
        state = Press(state, ConsoleKey.Enter);
        Assert.True(state.IsZoomed);
        Assert.Contains(
            TopScreen.Draw(_samples, state, "Xen", 80), line => line.StartsWith("2/xvdb: ", StringComparison.Ordinal));
        state = Press(state, ConsoleKey.Escape);
        Assert.False(state.IsZoomed || state.IsOver);
        Assert.True(Press(state, ConsoleKey.Escape).IsOver);
        Assert.True(Press(state, ConsoleKey.P).IsPaused);
        Assert.True(Press(state, ConsoleKey.Q).IsOver);
        Assert.Equal(state, Press(state, ConsoleKey.F5));
        for (int i = 0; i < 9; i++) state = Press(state, ConsoleKey.DownArrow);
        Assert.Equal("10/xvda", state.Chosen);
    }

    [Fact]
    public void A_disk_that_went_away_is_not_chosen_any_more()
    {
        TopState state = new() { Chosen = "9/xvdz", IsZoomed = true };
        Assert.Contains(
            TopScreen.Draw(_samples, state, "Xen", 80), line => line.StartsWith("1/xvda: ", StringComparison.Ordinal));
        Assert.Contains("There is no disk.", TopScreen.Draw([], state, "Xen", 80));
    }

    [Fact]
    public void The_chosen_disk_says_what_holds_it_back_and_the_zoomed_one_says_it_whole()
    {
        DiagnosisFinding cause = new("D9", "copy", "Copying takes 80 % of the backend.", 0.9, 2.5, "Map instead.", []);
        TopSample one = _samples[0] with
        {
            Verdict = "copy (D9, about 2.50 times to gain): " + string.Join(' ', Enumerable.Repeat("so", 40)),
            Diagnosis = new DiagnosisReport("named", "Copying takes 80 % of the backend. Map instead.", [cause, cause]),
        };

        IReadOnlyList<string> list = TopScreen.Draw([one, _samples[1]], new TopState(), "Xen", 80);
        string verdict = string.Join(' ', list.Where(line => line.StartsWith("   ", StringComparison.Ordinal))
            .Select(line => line.Trim()));
        Assert.Equal(one.Verdict, verdict);
        Assert.All(list, line => Assert.InRange(line.Length, 0, 80));

        IReadOnlyList<string> zoomed = TopScreen.Draw([one], new TopState { IsZoomed = true }, "Xen", 80);
        Assert.Contains(one.Diagnosis.Headline, zoomed);
        Assert.Contains("Besides (D9): Copying takes 80 % of the backend. Map instead.", zoomed);
    }

    private static TopState Press(TopState state, ConsoleKey key) =>
        state.After(new ConsoleKeyInfo('\0', key, shift: false, alt: false, control: false), state.Sort(_samples));

    private static TopSample Sample(string disk, int requests, long bytes, long p99Ns) => new()
    {
        Disk = disk,
        Ends = "frontend (dom1), backend (dom0)",
        Seconds = 1,
        Requests = requests,
        BytesRead = bytes,
        LatencySumNs = requests * 50_000.0,
        P50Ns = 40_000,
        P99Ns = p99Ns,
        Notifications = requests / 2,
        Phases =
        [
            new PhaseTime(RequestPhase.Map, 12_500, 0.25, 12_000, 20_000),
            new PhaseTime(RequestPhase.Store, 37_500, 0.75, 37_000, 60_000),
        ],
        Verdict = "most of it: store, 75 %",
    };
}
