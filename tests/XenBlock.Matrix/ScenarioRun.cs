using System.Globalization;
using XenBlock.Profiling;

namespace XenBlock.Matrix;

/// <summary>Both disks of a scenario, measured in turns and diagnosed.</summary>
/// <param name="scenario">The disks.</param>
/// <param name="rounds">How often both are measured.</param>
/// <param name="explains">Whether to print the numbers behind each diagnosis.</param>
/// <param name="pages">Where the page of the bad disk goes; null for none.</param>
internal sealed class ScenarioRun(Scenario scenario, int rounds, bool explains, string? pages)
{
    private static readonly TimeSpan _warmUp = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _measured = TimeSpan.FromMilliseconds(300);
    private const int RequestsWanted = 3000;
    private const int TriesMax = 5;

    // What tracing may cost a disk of some microseconds a request; a traced run that was slower met another mood of the
    // computer than the one before it, and is repeated: what D0 asks of whoever has measured both.
    private const double AsFastAs = 0.85;

    public Scenario Scenario { get; } = scenario;

    /// <summary>What each traced run of the bad disk was found to have.</summary>
    public List<Diagnosis> Bad { get; } = [];

    public List<Diagnosis> Repaired { get; } = [];

    /// <summary>The repaired disk's throughput over the bad one's: the median of the rounds.</summary>
    public double Measured { get; private set; }

    /// <summary>What the rule predicted: the median of the traced runs; null if it never fired.</summary>
    public double? Predicted
    {
        get
        {
            double[] gains = [.. Bad.SelectMany(diagnosis => diagnosis.Findings)
                .Where(finding => finding.Rule == Scenario.Rule && finding.PredictedGain is not null)
                .Select(finding => finding.PredictedGain!.Value).Order()];
            return gains.Length == 0 ? null : gains[gains.Length / 2];
        }
    }

    /// <summary>In how many of the bad runs the cause was among the findings.</summary>
    public int Hits => Bad.Count(diagnosis => diagnosis.Findings.Any(finding => finding.Rule == Scenario.Rule));

    /// <summary>In how many of the repaired runs it was.</summary>
    public int FalseAlarms =>
        Repaired.Count(diagnosis => diagnosis.Findings.Any(finding => finding.Rule == Scenario.Rule));

    public async Task RunAsync()
    {
        await using PlayedDisk bad = await PlayedDisk.OpenAsync(Scenario.Bad);
        CostLine? bySize = Scenario.Rule == "D15" ? await BySizeAsync(Scenario.Bad) : null;
        Configuration repairedPlan = bySize is null ? Scenario.Repaired : Scenario.Repaired with
        {
            SizeBytes = (int)Math.Clamp(bySize.FixedNs / bySize.PerByteNs / 4096, 2, 256) * 4096,
        };
        await using PlayedDisk repaired = await PlayedDisk.OpenAsync(repairedPlan);
        bad.Work(_warmUp);
        repaired.Work(_warmUp);
        var ratios = new List<double>();
        for (int round = 0; round < rounds; round++)
        {
            // In turns, so that both meet the same moods of the computer.
            double before = bad.Work(_measured);
            ratios.Add(repaired.Work(_measured) / before);
            Bad.Add(Diagnose(bad, bySize));
            Repaired.Add(Diagnose(repaired, bySize));
        }

        if (explains) Console.WriteLine($"     measured {string.Join(' ', ratios.Select(ratio => $"{ratio:N2}"))}");
        ratios.Sort();
        Measured = ratios[ratios.Count / 2];
    }

    /// <summary>The rules that a set of diagnoses named, and how often.</summary>
    public static string Named(IReadOnlyList<Diagnosis> diagnoses)
    {
        string named = string.Join(", ", diagnoses.SelectMany(diagnosis => diagnosis.Findings)
            .GroupBy(finding => finding.Rule, StringComparer.Ordinal).OrderByDescending(rule => rule.Count())
            .Select(rule => rule.Count() == diagnoses.Count
                ? rule.Key
                : string.Create(CultureInfo.InvariantCulture, $"{rule.Key} ({rule.Count()} of {diagnoses.Count})")));
        return named.Length != 0 ? named : diagnoses[0].Outcome.ToString().ToLowerInvariant();
    }

    private Diagnosis Diagnose(PlayedDisk disk, CostLine? bySize)
    {
        bool hasFlushes = disk.Plan.WritesPerFlush != 0;
        double perSecond = disk.Work(_warmUp);
        double wanted = perSecond / (hasFlushes ? 1 : disk.Plan.SizeBytes);
        var length = TimeSpan.FromSeconds(Math.Clamp(RequestsWanted / Math.Max(1, wanted), 0.05, 6));
        DiskFacts facts = disk.Trace(length, bySize);
        var diagnosis = Diagnosis.Of(facts);
        for (int i = 1; i < TriesMax; i++)
        {
            bool isDisturbed = disk.Plan == Scenario.Bad && Done(facts, hasFlushes) < perSecond * AsFastAs;
            if (diagnosis.Outcome != DiagnosisOutcome.Unknown && !isDisturbed) break;
            diagnosis = Diagnosis.Of(facts = disk.Trace(length, bySize));
        }

        if (pages is not null && ReferenceEquals(disk.Plan, Scenario.Bad))
            ScenarioPage.Write(pages, facts, disk.Streams);
        if (explains)
        {
            Console.WriteLine($"     {string.Join(' ', diagnosis.Findings.Select(finding => string.Create(
                CultureInfo.InvariantCulture, $"{finding.Rule} x{finding.PredictedGain:N2}")))}");
            Console.Write(Explanation.Of(ReferenceEquals(disk.Plan, Scenario.Bad) ? "bad" : "repaired", facts));
        }

        return diagnosis;
    }

    // The same as a disk's work is counted in: bytes a second, or writes a second where there are flushes.
    private static double Done(DiskFacts facts, bool hasFlushes)
    {
        double done = hasFlushes
            ? facts.Requests.Count(request => request.LengthBytes != 0)
            : facts.Requests.Sum(request => (double)request.LengthBytes);
        return facts.Trace.DurationNs == 0 ? 0 : done * 1e9 / facts.Trace.DurationNs;
    }

    private static async Task<CostLine?> BySizeAsync(Configuration plan)
    {
        var costs = new List<(double, double)>();
        foreach (int pages in (int[])[1, 4, 16, 64])
        {
            await using PlayedDisk disk = await PlayedDisk.OpenAsync(plan with { SizeBytes = pages * 4096 });
            disk.Work(_warmUp);
            costs.Add((pages * 4096, disk.Trace(_measured, null).Trace.Summary.MeanLatencyNs));
        }

        return CostLine.OfSizesFarApart(costs);
    }
}
