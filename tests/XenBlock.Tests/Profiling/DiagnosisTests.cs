using XenBlock.Profiling;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Profiling;

/// <summary>Each rule on a disk with its fault planted, and on the same disk repaired.</summary>
public sealed class DiagnosisTests
{
    private static readonly Dictionary<string, (SimulatedDisk Bad, SimulatedDisk Repaired)> _disks =
        new(StringComparer.Ordinal)
        {
            ["D1"] = (
                new() { Access = "map", LetGoNs = 8000, UnmapsPerRequest = 1 },
                new() { Access = "batch", LetGoNs = 500, UnmapsPerRequest = 1.0 / 16 }),
            ["D2"] = (
                new() { Batch = 32, WaitNs = 3_000_000, StoreNs = 1_000_000, IsPipelined = true },
                new() { Batch = 128, StoreNs = 1_000_000, IsPipelined = true }),
            ["D3"] = (
                new() { IsSequential = true, Merges = false, StoreNs = 20_000 },
                new() { IsSequential = true, StoreNs = 20_000 }),
            ["D4"] = (
                new()
                {
                    Batch = 24,
                    Parts = 24,
                    Segments = 11,
                    LastSegments = 3,
                    SegmentsMax = 11,
                    MapNs = 20_000,
                    MapNsPerPage = 100,
                    IsSequential = true,
                },
                new() { Batch = 1, Segments = 256, MapNs = 40_000, MapNsPerPage = 100, StoreNs = 1000 }), // a call more
            ["D5"] = (
                new() { EventForEach = true, NotifyNs = 10_000 },
                new() { NotifyNs = 10_000 }),
            ["D6"] = (
                new() { Batch = 4, WakeNs = 50_000 },
                new() { Batch = 4, WakeNs = 500 }),
            ["D7"] = (
                new() { Batch = 1, StoreNs = 1_000_000, IsPipelined = true },
                new() { Batch = 32, StoreNs = 1_000_000, IsPipelined = true }),
            ["D8"] = (
                new() { StoreNs = 1_000_000 },
                new() { StoreNs = 1_000_000, IsPipelined = true }),
            ["D9"] = (
                new() { Access = "map", MapNs = 10_000 },
                new() { Access = "persistent", MapNs = 300 }),
            ["D10"] = (
                new() { StoreNs = 200_000, IsPipelined = true },
                new() { StoreNs = 100 }),
            ["D11"] = (
                new() { Batch = 2, RequestsPerFlush = 1, FlushNs = 500_000 },
                new() { Batch = 17, RequestsPerFlush = 16, FlushNs = 50_000 }),
            ["D12"] = (
                new() { EvictionsPerRequest = 1, MapNs = 15_000 },
                new() { MapNs = 300 }),
            ["D13"] = (
                new() { StoreNs = 60_000, BackendThread = new(0.98, 0) },
                new() { StoreNs = 200, BackendThread = new(0.98, 0) }),
            ["D14"] = (
                new() { PauseNs = 300_000 },
                new()),
            ["D15"] = (
                new() { BySize = new CostLine(20_000, 0.4, 1) },
                new() { Segments = 16, BySize = new CostLine(20_000, 0.4, 1) }),
        };

    public static TheoryData<string> Rules => [.. _disks.Keys];

    [Theory]
    [MemberData(nameof(Rules))]
    public void A_rule_names_its_planted_cause_and_is_silent_on_the_repaired_disk(string rule)
    {
        (SimulatedDisk bad, SimulatedDisk repaired) = _disks[rule];
        var diagnosis = Diagnosis.Of(bad.Facts());
        Assert.Equal(DiagnosisOutcome.Named, diagnosis.Outcome);
        DiagnosisFinding named = Assert.Single(diagnosis.Findings, finding => finding.Rule == rule);
        Assert.InRange(named.Confidence, 0.5, 1);
        Assert.NotEmpty(named.Evidence);
        Assert.DoesNotContain(Diagnosis.Of(repaired.Facts()).Findings, finding => finding.Rule == rule);
    }

    [Fact]
    public void A_disk_with_all_queues_that_there_can_be_is_not_told_to_have_more()
    {
        DiskFacts full = _disks["D2"].Bad.Facts();
        InFlightStatistics queue = Assert.Single(full.Trace.InFlight);
        DiskFacts many = full with
        {
            Trace = full.Trace with { InFlight = [.. Enumerable.Repeat(queue, ProtocolConstants.QueuesMax)] },
        };
        DiagnosisFinding named = Diagnosis.Of(many).Findings.Single(finding => finding.Rule == "D2");
        Assert.Contains("16 already", named.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void Requests_without_pages_are_not_expected_to_be_unmapped()
    {
        DiskFacts bad = _disks["D1"].Bad.Facts();
        RequestTrace[] requests =
        [
            .. bad.Requests.Select((request, i) =>
                i % 5 == 0 ? request with { Kind = TraceEventKind.DiscardGranted } : request),
        ];
        int discards = requests.Count(request => request.Kind == TraceEventKind.DiscardGranted);
        DiskCounters counters = bad.Counters!.Value;
        DiskFacts mixed = bad with
        {
            Requests = requests,
            Counters = counters with { UnmapCalls = counters.UnmapCalls - discards },
        };
        Assert.Contains(Diagnosis.Of(mixed).Findings, finding => finding.Rule == "D1");
    }

    [Theory]
    [InlineData("D1")]
    [InlineData("D2")]
    [InlineData("D3")]
    [InlineData("D4")]
    [InlineData("D5")]
    [InlineData("D6")]
    [InlineData("D7")]
    [InlineData("D8")]
    [InlineData("D9")]
    [InlineData("D10")]
    [InlineData("D12")]
    [InlineData("D13")]
    public void What_a_repair_gains_is_predicted_within_a_factor_of_one_and_a_half(string rule)
    {
        (SimulatedDisk bad, SimulatedDisk repaired) = _disks[rule];
        DiagnosisFinding named = Diagnosis.Of(bad.Facts()).Findings.Single(finding => finding.Rule == rule);
        repaired.Facts();
        double gained = repaired.Throughput / bad.Throughput;
        Assert.InRange(named.PredictedGain!.Value / gained, 1 / 1.5, 1.5);
    }

    // The value that an advice names is made of the facts: other facts, another value.
    [Fact]
    public void An_advice_names_the_value_to_set_as_the_facts_say()
    {
        Assert.Contains("RingPageOrder from 0 to 2, a ring of 4 pages", AdviceOf("D2"), StringComparison.Ordinal);
        Assert.Contains("of 64 KiB instead of 4", AdviceOf("D3"), StringComparison.Ordinal);
        Assert.Contains("--persistent-pages 16 ", AdviceOf("D12"), StringComparison.Ordinal);
        Assert.Contains("from --access map to --access persistent", AdviceOf("D9"), StringComparison.Ordinal);
        DiskFacts slept = _disks["D6"].Bad.Facts();
        Assert.Matches("look for [1-9][0-9,]* us before they sleep \\(SpinUs", AdviceOf("D6"));
        DiskFacts looked = slept with { Knobs = slept.Knobs with { SpinUs = 1 } };
        Assert.Contains("(from 1; SpinUs", AdviceIn(looked, "D6"), StringComparison.Ordinal);
        DiskFacts patient = slept with { Knobs = slept.Knobs with { SpinUs = 10_000 } };
        Assert.Contains("of their own: they look for 10,000 us", AdviceIn(patient, "D6"), StringComparison.Ordinal);

        static string AdviceOf(string rule) => AdviceIn(_disks[rule].Bad.Facts(), rule);

        static string AdviceIn(DiskFacts facts, string rule) =>
            Diagnosis.Of(facts).Findings.Single(finding => finding.Rule == rule).Advice;
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void What_was_measured_stands_beside_what_the_gain_would_make_of_it(string rule)
    {
        DiskFacts facts = _disks[rule].Bad.Facts() with { UntracedRequestsPerSecond = null };
        DiagnosisFinding found = Diagnosis.Of(facts).Findings.Single(finding => finding.Rule == rule);
        (DiskPace now, DiskPace then) = (found.Now!, found.Then!);
        Assert.Equal(facts.Trace.RequestsPerSecond, now.RequestsPerSecond, 1e-6);
        Assert.Equal(found.PredictedGain!.Value, then.MegabytesPerSecond / now.MegabytesPerSecond, 1e-6);
        Assert.Equal(rule is "D10" or "D13", found.IsBound);
        Assert.StartsWith(found.IsBound ? "at most" : "about", found.GainWords, StringComparison.Ordinal);
        Assert.Contains(found.GainWords, Words(facts, found), StringComparison.Ordinal);

        static string Words(DiskFacts facts, DiagnosisFinding found) =>
            Diagnosis.Of(facts).Findings[0] == found ? Diagnosis.Of(facts).Headline : found.GainWords;
    }

    [Fact]
    public void What_holds_nothing_back_is_fine_and_what_cannot_be_told_is_unknown()
    {
        Assert.Equal(DiagnosisOutcome.Fine, Diagnosis.Of(new SimulatedDisk().Facts()).Outcome);
        var few = new SimulatedDisk().Facts();
        DiskFacts tooFew = few with
        {
            Trace = few.Trace with { Summary = few.Trace.Summary with { RequestCount = 999 } },
        };
        DiskFacts lossy = few with { Trace = few.Trace with { Summary = few.Trace.Summary with { Lost = 1 } } };
        DiskFacts partial = few with
        {
            Trace = few.Trace with { Summary = few.Trace.Summary with { Incomplete = 100 } },
        };
        DiskFacts slowed = few with { UntracedRequestsPerSecond = few.Trace.RequestsPerSecond * 2 };
        // Under way when somebody began to look, or stopped: no reason to doubt the rest.
        int edges = 2 * few.Trace.InFlight.Sum(queue => queue.Submitted.Max);
        DiskFacts cut = few with
        {
            Trace = few.Trace with { Summary = few.Trace.Summary with { Incomplete = edges } },
        };
        Assert.Equal(DiagnosisOutcome.Fine, Diagnosis.Of(cut).Outcome);
        Assert.All([tooFew, lossy, partial, slowed], facts =>
        {
            var diagnosis = Diagnosis.Of(facts);
            Assert.Equal(DiagnosisOutcome.Unknown, diagnosis.Outcome);
            Assert.Contains("would tell", diagnosis.Headline, StringComparison.Ordinal);
            Assert.Empty(diagnosis.Findings);
        });
    }

    [Fact]
    public void Of_one_end_alone_nothing_is_said_but_which_trace_would_tell()
    {
        DiskFacts whole = _disks["D9"].Bad.Facts();
        DiskFacts half = whole with
        {
            Requests = [.. whole.Requests.Select(request => request with { Part = TracedPart.Backend })],
        };
        var diagnosis = Diagnosis.Of(half);
        Assert.Equal(DiagnosisOutcome.Unknown, diagnosis.Outcome);
        Assert.Contains("the backend alone was traced", diagnosis.Headline, StringComparison.Ordinal);
        Assert.Contains("would tell", diagnosis.Headline, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wait_for_the_processor_is_no_work()
    {
        SimulatedDisk quiet = new() { Access = "map", MapNs = 10_000 };
        double gain = GainOf(quiet.Facts());

        // The same on a busy computer: in every tenth round the thread stands still, and the kernel says how long.
        DiskFacts stopped = (quiet with { StoppedNs = 500_000 }).Facts();
        double share = stopped.Trace.InFlight.Count * 500_000.0 * Rounds(stopped) / 10 / stopped.Trace.DurationNs;
        DiskFacts told = stopped with { BackendThread = new ThreadShare(0.4, share) };
        Assert.InRange(GainOf(told) / gain, 0.8, 1.25);
        Assert.False(GainOf(stopped) / gain is > 0.8 and < 1.25, "without the kernel's count it would look like work");

        static double GainOf(DiskFacts facts) =>
            Diagnosis.Of(facts).Findings.Single(finding => finding.Rule == "D9").PredictedGain!.Value;

        static int Rounds(DiskFacts facts) => facts.Requests.Count / 16;
    }

    [Fact]
    public void What_a_thread_ran_for_a_request_is_its_share_of_the_time_over_the_requests()
    {
        DiskFacts facts = new SimulatedDisk().Facts();
        Assert.Equal(0.4 * facts.Trace.DurationNs / facts.Requests.Count, facts.BackendProcessorNs!.Value, 1e-6);
        Assert.Null((facts with { BackendThread = null }).BackendProcessorNs);
    }

    [Fact]
    public void Sizes_far_apart_say_what_the_smallest_costs_though_the_largest_are_off_by_a_fifth()
    {
        (double, double)[] points =
            [(4096, 10_400), (16_384, 11_600), (65_536, 16_500), (262_144, 43_200), (1_048_576, 92_000)];
        Assert.InRange(CostLine.OfSizesFarApart(points)!.At(4096), 9500, 11_000);
        Assert.False(CostLine.Of(points)!.At(4096) is > 9500 and < 11_000);
    }

    [Fact]
    public void A_run_that_was_slower_by_what_recording_takes_is_not_doubted()
    {
        DiskFacts facts = new SimulatedDisk().Facts();
        double requestNs = 1e9 / facts.Trace.RequestsPerSecond;
        DiskFacts slowed = facts with { UntracedRequestsPerSecond = facts.Trace.RequestsPerSecond * 1.5 };
        Assert.Equal(DiagnosisOutcome.Unknown, Diagnosis.Of(slowed).Outcome);
        Assert.Equal(DiagnosisOutcome.Fine, Diagnosis.Of(slowed with { RecordingNs = requestNs * 0.2 }).Outcome);
        Assert.Equal(DiagnosisOutcome.Unknown, Diagnosis.Of(slowed with { RecordingNs = requestNs * 0.01 }).Outcome);
        DiskFacts halved = facts with { UntracedRequestsPerSecond = facts.Trace.RequestsPerSecond * 4 };
        Assert.Equal(DiagnosisOutcome.Unknown, Diagnosis.Of(halved with { RecordingNs = requestNs * 10 }).Outcome);
    }

    [Fact]
    public void The_cause_that_costs_most_comes_first()
    {
        SimulatedDisk both = new() { Access = "map", MapNs = 10_000, LetGoNs = 40_000, UnmapsPerRequest = 1 };
        var diagnosis = Diagnosis.Of(both.Facts());
        Assert.Contains(diagnosis.Findings, finding => finding.Rule == "D1");
        double[] gains = [.. diagnosis.Findings.Select(finding => finding.PredictedGain ?? 1)];
        Assert.Equal(gains.OrderDescending(), gains);
        Assert.StartsWith(diagnosis.Findings[0].Sentence, diagnosis.Headline, StringComparison.Ordinal);
    }
}
