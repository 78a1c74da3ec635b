using System.Diagnostics;
using System.Runtime.InteropServices;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Cli.Report;
using XenBlock.Profiling;

namespace XenBlock.Cli.Bench;

/// <summary>A whole run: image, machine, verification, measuring, report.</summary>
internal static class BenchJob
{
    /// <summary>Runs it.</summary>
    /// <param name="settings">What to do.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="token">Gives up, and closes in order.</param>
    public static async Task<BenchReport> RunAsync(
        BenchSettings settings, ProgressDisplay progress, CancellationToken token)
    {
        DateTimeOffset startedAt = TimeProvider.System.GetUtcNow();
        long started = Stopwatch.GetTimestamp();
        using BenchImage image = BenchImage.Open(settings.ImagePath, settings.ImageSizeBytes, token);
        await using BenchSession session = await BenchSession.OpenAsync(settings, image, token);

        // The queues belong to one thread, and it must not be one that others wait for.
        BenchReport report = await Task.Factory.StartNew(
            () => Measure(settings, image, session, progress, token),
            token,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        return report with
        {
            StartedAt = startedAt,
            DurationSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds,
        };
    }

    /// <summary>What it runs on.</summary>
    public static ComputerFacts Computer()
    {
        string processor = "unknown";
        if (File.Exists("/proc/cpuinfo"))
        {
            processor = File.ReadLines("/proc/cpuinfo")
                .Where(line => line.StartsWith("model name", StringComparison.Ordinal))
                .Select(line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim())
                .FirstOrDefault() ?? processor;
        }

        return new ComputerFacts(
            processor,
            Environment.ProcessorCount,
            $"Linux {HostKernel.Release}",
            RuntimeInformation.ProcessArchitecture.ToString(),
            RuntimeInformation.FrameworkDescription);
    }

    private static BenchReport Measure(
        BenchSettings settings,
        BenchImage image,
        BenchSession session,
        ProgressDisplay progress,
        CancellationToken token)
    {
        progress.Report(0, "verifying");
        VerificationReport verification = BenchVerifier.Run(session, settings, image);
        if (settings.Store == StoreChoice.Sd2014)
        {
            ModelReport model = ModelRun.Run(settings, session, progress, token);
            return Build(settings, image, session, runner: null, verification, model);
        }

        BenchRunner runner = new(settings, image, session, progress, token);
        runner.Run();
        BenchReport report = Build(settings, image, session, runner, verification, model: null);
        return session.Trace is { } trace ? report with { SaveTrace = SaverOf(runner, trace.Uuid) } : report;
    }

    // Later: what was measured is shown before anything is written that may find no room.
    private static Action<string> SaverOf(BenchRunner runner, byte[] uuid)
    {
        (IReadOnlyList<RecordedTrace> traced, IReadOnlyList<RequestTrace> requests) =
            (runner.Traced, runner.TracedRequests);
        IReadOnlyList<TracedSpan> spans = runner.TracedSpans;
        return directory =>
        {
            CtfFolder.Write(Path.Combine(directory, "ctf"), uuid, traced, spans);
            PerfettoFile.Write(Path.Combine(directory, "trace.pftrace"), requests);
            BlktraceFile.Write(directory, requests);
        };
    }

    private static BenchReport Build(
        BenchSettings settings,
        BenchImage image,
        BenchSession session,
        BenchRunner? runner,
        VerificationReport verification,
        ModelReport? model)
    {
        IReadOnlyList<MeasuredBaseline> baselines = runner?.BaselinesMeasured ?? [];
        PointReport[] points = [.. (runner?.Points ?? []).Select(measured =>
        {
            double? Of(string name, int size) => baselines
                .FirstOrDefault(baseline => string.Equals(baseline.Name, name, StringComparison.Ordinal)
                    && baseline.Operation == measured.Point.Operation && baseline.SizeBytes == size)
                ?.MegabytesPerSecond;
            return measured.ToReport(
                Of(BaselineReport.Plain, measured.Point.SizeBytes), Of(BaselineReport.Large, 256 * 4096));
        })];
        return new BenchReport
        {
            Schema = BenchReport.SchemaName,
            SchemaVersion = BenchReport.CurrentVersion,
            ToolVersion = OwnProgram.Version,
            StartedAt = default,
            DurationSeconds = 0,
            Computer = Computer(),
            Machine = new MachineFacts(
                session.MachineDescription,
                IsEmulated: true,
                settings.Processes,
                settings.Grants.ToString().ToLowerInvariant(),
                settings.AccessWords),
            Image = new ImageFacts(
                image.UserPath,
                image.SizeBytes,
                session.Workers[0].Device.SectorSizeBytes,
                settings.Store.ToString().ToLowerInvariant()),
            Plan = new PlanFacts(
                settings.IsQuick,
                settings.SizesBytes,
                settings.Depths,
                [.. session.Workers.DistinctBy(worker => worker.Mode).Select(worker => new ModeFacts(
                    worker.Mode.Name, worker.Mode.IndirectSegmentsMax, worker.Device.Features.IndirectSegmentsMax))],
                settings.Pattern.ToString().ToLowerInvariant(),
                settings.Repeats,
                runner?.RepeatsDone ?? settings.Repeats,
                settings.SampleLength.TotalSeconds,
                session.Workers[0].Device.Features.QueueCount),
            Points = points,
            Baselines = [.. baselines.Select(baseline => baseline.ToReport())],
            GrantedRead = runner?.GrantedRead,
            Verification = verification,
            Model = model,
            Traced =
            [
                .. (runner?.Points ?? []).Index().Where(one => one.Item.Trace is { Kept.Count: > 0 })
                    .Select(one => new TracedRequests(one.Index, one.Item.Trace!.StartNs, one.Item.Trace.Kept)),
            ],
            Findings = model is null
                ? [.. Findings.Of(points, runner?.GrantedRead), .. PhaseTable.Findings(points)]
                : Findings.Of(model),
        };
    }
}
