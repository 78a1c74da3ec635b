using XenBlock.Cli.Output;
using XenBlock.Cli.Report;
using XenBlock.Storage;

namespace XenBlock.Cli.Bench;

/// <summary>The 2014 thread's experiment, on a disk that is as slow as its SD card.</summary>
internal static class ModelRun
{
    /// <summary>What a small request is: eleven pages, the most that a direct request carries.</summary>
    public const int SmallBytes = 11 * 4096;

    /// <summary>What a large request is: 256 pages.</summary>
    public const int LargeBytes = 256 * 4096;

    /// <summary>How far a figure may be from the published one.</summary>
    public const double Tolerance = 0.05;

    private static readonly TimeSpan s_length = TimeSpan.FromSeconds(0.35);

    // Thomas Leonard's figures for the CubieTruck's card, before and after indirect requests in mirage-block-xen.
    private static readonly Dictionary<(BenchOperation, int), double> s_published = new()
    {
        [(BenchOperation.Read, SmallBytes)] = 18.27,
        [(BenchOperation.Read, LargeBytes)] = 21.32,
        [(BenchOperation.Write, SmallBytes)] = 7.07,
        [(BenchOperation.Write, LargeBytes)] = 9.17,
    };

    /// <summary>Settings for a run with the model, whatever the matrix was to be.</summary>
    public static BenchSettings Adapt(BenchSettings settings) => settings with
    {
        Store = StoreChoice.Sd2014,
        SizesBytes = [SmallBytes, LargeBytes],
        Depths = [1, 2],
        Modes = [TransferMode.Direct, TransferMode.Indirect256],
        Pattern = AccessPattern.Sequential,
        Repeats = 5,
        SampleLength = s_length,
        HasBaselines = false,
        ComparesGranted = false,
        Verifies = false,
    };

    /// <summary>Measures all points on the calling thread.</summary>
    public static ModelReport Run(
        BenchSettings settings, BenchSession session, ProgressDisplay progress, CancellationToken token)
    {
        SlowModel model = SlowModel.Sd2014;
        MeasuredPoint[] measured =
        [
            .. from operation in settings.Operations
               from depth in settings.Depths
               from mode in settings.Modes
               select new MeasuredPoint(new BenchPoint(
                   operation,
                   mode.IndirectSegmentsMax == 0 ? SmallBytes : LargeBytes,
                   depth,
                   mode,
                   settings.Accesses[0])),
        ];
        for (int repeat = 0; repeat < settings.Repeats; repeat++)
        {
            for (int i = 0; i < measured.Length; i++)
            {
                token.ThrowIfCancellationRequested();
                BenchPoint point = measured[i].Point;
                DiskWorker worker = session.WorkerFor(point);
                measured[i].Samples.Add(worker.Measure(point, settings.SampleLength, session.Read));
                progress.Report((double)((repeat * measured.Length) + i + 1) / (settings.Repeats * measured.Length));
            }
        }

        List<ModelPointReport> points = [.. measured.Select(point => Compare(point, model))];
        return new ModelReport(
            model.Name,
            $"Model {model.Name}, in real time: a read takes {model.ReadOverheadMs} ms and its length at "
                + $"{BenchTable.Number(model.ReadBytesPerSecond / 1e6)} MB/s, a write {model.WriteOverheadMs} ms and "
                + $"its length at {BenchTable.Number(model.WriteBytesPerSecond / 1e6)} MB/s; the next request's "
                + "overhead passes while one is transferred.",
            points,
            points.TrueForAll(point =>
                point.PublishedMegabytesPerSecond is null || Math.Abs(point.Difference) <= Tolerance));
    }

    /// <summary>What the model says of requests that follow each other at a depth, in MB/s.</summary>
    public static double Predict(SlowModel model, BenchOperation operation, int sizeBytes, int depth)
    {
        bool isWrite = operation == BenchOperation.Write;
        if (depth == 1)
            return model.PredictBytesPerSecond(isWrite, sizeBytes) / 1e6;

        // The overhead hides behind the transfers of the others, unless even all of them together are shorter.
        double bandwidth = isWrite ? model.WriteBytesPerSecond : model.ReadBytesPerSecond;
        double overheadSeconds = (isWrite ? model.WriteOverheadMs : model.ReadOverheadMs) / 1000;
        double roundSeconds = overheadSeconds + (sizeBytes / bandwidth);
        return Math.Min(bandwidth, depth * sizeBytes / roundSeconds) / 1e6;
    }

    private static ModelPointReport Compare(MeasuredPoint measured, SlowModel model)
    {
        BenchPoint point = measured.Point;
        double predicted = Predict(model, point.Operation, point.SizeBytes, point.Depth);
        double? published = point.Depth == 1 ? s_published[(point.Operation, point.SizeBytes)] : null;
        return new ModelPointReport(
            MeasuredPoint.NameOf(point.Operation),
            point.SizeBytes,
            point.Depth,
            point.Mode.Name,
            published,
            predicted,
            measured.MegabytesPerSecond,
            (measured.MegabytesPerSecond / (published ?? predicted)) - 1);
    }
}
