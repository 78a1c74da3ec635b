using System.Diagnostics;
using XenBlock.Cli.Output;
using XenBlock.Cli.Report;
using XenBlock.Profiling;

namespace XenBlock.Cli.Bench;

/// <summary>
/// Measures a matrix: every point, every baseline, again and again, so that each repeat meets the same moods.
/// </summary>
internal sealed class BenchRunner(
    BenchSettings settings, BenchImage image, BenchSession session, ProgressDisplay progress, CancellationToken token)
{
    // A ratio of two measurements needs more of them than a measurement does.
    private const int PairsPerRepeat = 3;
    private static readonly TimeSpan s_warmUp = TimeSpan.FromMilliseconds(60);
    private readonly List<MeasuredPoint> _points =
        [.. BenchPlan.Points(settings).Select(point => new MeasuredPoint(point))];

    private readonly List<MeasuredBaseline> _baselines = [.. Baselines(settings)];
    private readonly List<(BenchSample Disk, BenchSample Plain)> _granted = [];
    private readonly long _started = Stopwatch.GetTimestamp();
    private int _samplesDone;

    /// <summary>The points, with a sample for each repeat that was done.</summary>
    public IReadOnlyList<MeasuredPoint> Points => _points;

    /// <summary>The baselines, likewise.</summary>
    public IReadOnlyList<MeasuredBaseline> BaselinesMeasured => _baselines;

    /// <summary>What was traced of the points; empty if nothing was.</summary>
    public IReadOnlyList<RecordedTrace> Traced { get; private set; } = [];

    /// <summary>When each point that is in it was traced.</summary>
    public IReadOnlyList<TracedSpan> TracedSpans { get; private set; } = [];

    /// <summary>The requests that were traced.</summary>
    public IReadOnlyList<RequestTrace> TracedRequests { get; private set; } = [];

    /// <summary>Repeats that there was time for.</summary>
    public int RepeatsDone { get; private set; }

    /// <summary>The comparison of granted and ordinary buffers, or null.</summary>
    public GrantedReadReport? GrantedRead => _granted.Count == 0 ? null : new GrantedReadReport(
        GrantedSizeBytes,
        BenchSession.GrantedDepth,
        "persistent",
        Statistics.Median(_granted.Select(pair => Bandwidth(pair.Disk))),
        Statistics.Median(_granted.Select(pair => Bandwidth(pair.Plain))),
        Statistics.Median(_granted.Select(pair => Bandwidth(pair.Disk) / Bandwidth(pair.Plain))));

    private static int GrantedSizeBytes => 1 << 20;

    /// <summary>How many baselines a run has: for planning.</summary>
    public static IEnumerable<MeasuredBaseline> Baselines(BenchSettings settings)
    {
        if (!settings.HasBaselines)
            yield break;
        foreach (BenchOperation operation in settings.Operations)
        {
            foreach (int size in settings.SizesBytes)
                yield return new MeasuredBaseline(BaselineReport.Plain, operation, size);
            yield return new MeasuredBaseline(BaselineReport.Large, operation, 256 * 4096);
        }
    }

    /// <summary>Measures all of it on the calling thread.</summary>
    public void Run()
    {
        int buffer = Math.Max(BenchSession.GrantedDepth << 20, settings.SizesBytes.Max());
        bool writes = settings.Operations.Contains(BenchOperation.Write);
        using FileBaseline file = new(image, settings.Pattern, writes, buffer);
        foreach (DiskWorker worker in session.Workers)
            WarmUp(worker);
        for (int repeat = 0; repeat < settings.Repeats; repeat++)
        {
            if (repeat > 0 && Stopwatch.GetElapsedTime(_started) > settings.Budget)
                break;
            Repeat(file);
            RepeatsDone++;
        }

        if (session.Trace is { } trace)
        {
            using PointTracer tracer = new(session, trace, settings.TraceLevel, _points.Count);
            TracePoints(tracer);
        }
    }

    private void TracePoints(PointTracer tracer)
    {
        List<TracedPoint> traced = [];
        foreach (MeasuredPoint measured in _points)
        {
            token.ThrowIfCancellationRequested();
            DiskFacts facts = tracer.Measure(measured, settings.Store);
            traced.Add(new TracedPoint(measured.Point, facts));
        }

        IReadOnlyList<Diagnosis> diagnoses = TracedPoint.Diagnose(traced);
        for (int i = 0; i < _points.Count; i++)
            _points[i].Diagnosis = diagnoses[i];
        Traced = tracer.Kept;
        TracedSpans = tracer.Spans;
        TracedRequests = tracer.Requests;
    }

    // Long enough for the compiler's second thought about the hot loops, and for every page to have been touched.
    private void WarmUp(DiskWorker worker)
    {
        foreach (BenchOperation operation in settings.Operations)
        {
            foreach (int size in settings.SizesBytes)
            {
                token.ThrowIfCancellationRequested();
                int depth = settings.Depths.Max();
                BenchPoint point = new(operation, size, depth, worker.Mode, worker.Access);
                worker.Measure(point, s_warmUp, session.Read);
            }
        }
    }

    private void Repeat(FileBaseline file)
    {
        (BenchOperation, int) group = default;
        foreach (MeasuredPoint measured in _points)
        {
            token.ThrowIfCancellationRequested();
            BenchPoint point = measured.Point;
            if (group != (point.Operation, point.SizeBytes))
            {
                group = (point.Operation, point.SizeBytes);
                MeasureBaselines(file, point.Operation, point.SizeBytes);
            }

            DiskWorker worker = session.WorkerFor(point);
            measured.Samples.Add(worker.Measure(point, settings.SampleLength, session.Read));
            Report($"{MeasuredPoint.NameOf(point.Operation)} {ByteSize.Format(point.SizeBytes)}");
        }

        if (session.Granted is { } granted)
            MeasureGranted(granted, file);
    }

    private void MeasureBaselines(FileBaseline file, BenchOperation operation, int sizeBytes)
    {
        foreach (MeasuredBaseline baseline in _baselines)
        {
            // The large baseline belongs to no size: it is measured beside the largest.
            bool isDue = baseline.Operation == operation && (baseline.Name is BaselineReport.Plain
                ? baseline.SizeBytes == sizeBytes
                : sizeBytes == settings.SizesBytes.Max());
            if (!isDue)
                continue;
            baseline.Samples.Add(file.Measure(operation, baseline.SizeBytes, buffers: 1, settings.SampleLength));
            Report("the file itself");
        }
    }

    private void MeasureGranted(DiskWorker granted, FileBaseline file)
    {
        BenchPoint point =
            new(BenchOperation.Read, GrantedSizeBytes, BenchSession.GrantedDepth, granted.Mode, granted.Access);
        if (_granted.Count == 0)
            granted.Measure(point, s_warmUp, session.Read);
        for (int pair = 0; pair < PairsPerRepeat; pair++)
        {
            BenchSample disk = granted.Measure(point, settings.SampleLength, session.Read);
            BenchSample plain = file.Measure(
                BenchOperation.Read, GrantedSizeBytes, BenchSession.GrantedDepth, settings.SampleLength);
            _granted.Add((disk, plain));
        }
    }

    private void Report(string detail)
    {
        _samplesDone++;
        int total = (_points.Count + _baselines.Count) * settings.Repeats;
        progress.Report((double)_samplesDone / total, detail);
    }

    private static double Bandwidth(BenchSample sample) =>
        sample.Operations * (double)GrantedSizeBytes / sample.Seconds / 1e6;
}
