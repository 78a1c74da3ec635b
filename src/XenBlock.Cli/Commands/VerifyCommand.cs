using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Cli.Serving;
using XenBlock.Cli.Trace;
using XenBlock.Cli.Verify;
using XenBlock.Frontend;
using XenBlock.Protocol;
using XenBlock.Tracing;

namespace XenBlock.Cli.Commands;

/// <summary><c>xenblk verify</c>: whether a disk holds what is written, whatever its backend goes through.</summary>
internal sealed class VerifyCommand : XenblkCommand
{
    private const int BlockBytes = 4096;
    private readonly Argument<string> _vdev = new("disk") { Description = "The disk, as xvda." };

    private readonly Option<bool> _overwrite = new("--overwrite")
    {
        Description = "Needed: what is on the disk is lost.",
    };

    private readonly Option<double> _seconds = new("--seconds")
    {
        Description = "How long.",
        HelpName = "S",
        DefaultValueFactory = _ => 10,
    };

    private readonly Option<int> _jobs = new("--jobs")
    {
        Description = "Operations under way at once, 1 to 256; each job has a part of the disk.",
        HelpName = "N",
        DefaultValueFactory = _ => 16,
    };

    private readonly Option<int?> _seed = new("--seed")
    {
        Description = "What is done follows from it. Default: another one each time; it is told.",
        HelpName = "N",
    };

    private readonly Option<int> _ringOrder = new("--ring-order")
    {
        Description = $"Each ring has 2^N pages, 0 to {ProtocolConstants.RingPageOrderMax}.",
        HelpName = "N",
    };

    private readonly Option<int?> _queues = CommonOptions.Queues(
        "The most queues to wish for. Default: as many as there are processors, at most 4.");

    private readonly Option<string> _sectorUnits = CommonOptions.SectorUnits();

    private readonly Option<bool> _noReconnect = new("--no-reconnect")
    {
        Description = "End when the backend goes, instead of waiting for the next.",
    };

    private readonly Option<int?> _domain =
        CommonOptions.Domain("The domain that has the disk. Default: 1; on Xen the one that this is.");

    private readonly Option<string?> _machine = CommonOptions.Machine();

    private readonly Option<bool> _allowTrace = CommonOptions.AllowTrace();

    private readonly Option<int?> _tracer = CommonOptions.Tracer("The domain that may trace.");

    /// <summary>The command.</summary>
    public VerifyCommand()
        : base(
            "verify",
            "Write and read a disk at random, with flushes and discards between, and compare every byte read with what "
                + "was written last. A backend that goes away and comes back is a pause, whose length is told.",
            """
            xenblk verify xvda --overwrite                     ten seconds, 16 operations at once
            xenblk verify xvda --overwrite --seconds 1800 --ring-order 4
            xenblk verify xvda --overwrite --seed 7            the same operations again

            Ctrl-C and SIGTERM end it sooner: it still reads everything once, and says what it found.
            Exit code 1 if an operation failed, or the disk does not hold what was written; else 0, also after Ctrl-C.
            """)
    {
        Arguments.Add(_vdev);
        foreach (Option option in (Option[])
            [
                _overwrite, _seconds, _jobs, _seed, _ringOrder, _queues, _sectorUnits, _noReconnect, _domain, _machine,
                _allowTrace, _tracer,
            ])
            Options.Add(option);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandRun run)
    {
        string vdev = run.Result.GetRequiredValue(_vdev);
        int jobs = run.Result.GetValue(_jobs);
        double seconds = run.Result.GetValue(_seconds);
        int order = run.Result.GetValue(_ringOrder);
        if (!run.Result.GetValue(_overwrite))
            throw new UsageException($"What is on {vdev} would be lost; say --overwrite if it may be.");
        if (jobs is < 1 or > 256)
            throw new UsageException($"--jobs is {jobs}; it is 1 to 256.");
        if (seconds is not (> 0 and <= 1e6))
            throw new UsageException($"--seconds is {seconds}; it is a number above 0, up to a million.");
        if (order is < 0 or > ProtocolConstants.RingPageOrderMax)
            throw new UsageException($"--ring-order is {order}; it is 0 to {ProtocolConstants.RingPageOrderMax}.");
        int queues = CommonOptions.QueuesOf(run.Result.GetValue(_queues), new BlockDeviceOptions().QueuesMax);
        int seed = run.Result.GetValue(_seed) ?? (Environment.TickCount & int.MaxValue);
        await using HostedMachine machine = await HostedMachine.JoinAsync(
            MachineChoice.Of(run.Result.GetValue(_machine)), run.Result.GetValue(_domain), run.Token);
        using FrontendClaim claim = FrontendClaim.Take(machine, vdev);
        await using SharedTrace? trace = await TraceDoor.OpenAsync(
            machine, run.Result.GetValue(_allowTrace), run.Result.GetValue(_tracer), run.Token);
        BlockDeviceOptions options = new()
        {
            Trace = trace?.Session,
            Reconnect = !run.Result.GetValue(_noReconnect),
            RingPageOrder = order,
            QueuesMax = queues,
            SectorUnits = SectorUnits.Parse(run.Result.GetRequiredValue(_sectorUnits)),
        };
        await using BlockDevice device =
            await BlockDevice.ConnectAsync(machine.Domain, vdev, options, run.Token);
        VerifyTally tally = new();
        long started = Stopwatch.GetTimestamp();
        try
        {
            await WorkAsync(run, device, tally, jobs, seed, TimeSpan.FromSeconds(seconds));
        }
        catch (WorkFailedException exception)
        {
            throw new WorkFailedException($"{exception.Message.TrimEnd('.')}. The seed was {seed}.");
        }

        BlockDeviceStatistics statistics = device.Statistics;
        Say(run, new VerifyDocument(
            VerifyDocument.SchemaName,
            device.Name,
            seed,
            Stopwatch.GetElapsedTime(started).TotalSeconds,
            tally.Reads,
            tally.Writes,
            tally.Flushes,
            tally.Discards,
            tally.BytesRead,
            tally.BytesWritten,
            statistics.Connections,
            statistics.OperationsReplayed,
            tally.Longest.TotalMilliseconds));
        return ExitCodes.Okay;
    }

    private static async Task WorkAsync(
        CommandRun run, BlockDevice device, VerifyTally tally, int jobs, int seed, TimeSpan time)
    {
        int blockBytes = Math.Max(BlockBytes, device.SectorSizeBytes);
        long blocks = device.SizeBytes / blockBytes;
        if (device.IsReadOnly)
            throw new UsageException($"{device.Name} is read-only; serve it without --read-only to write to it.");
        if (blocks < jobs)
            throw new UsageException($"{device.Name} has {blocks} blocks, and {jobs} jobs want one each; take fewer.");
        int share = (int)Math.Min(blocks / jobs, 1 << 20); // 8 MiB of shadow a job at most
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(run.Token);
        stop.CancelAfter(time);
        await using ProgressDisplay progress = run.Progress("verifying");
        Task[] work = [.. Enumerable.Range(0, jobs).Select(number => Task.Run(
            () => new VerifyJob(
                device, tally, unchecked((seed * 31) + number), blockBytes, number * (long)share, share)
                .RunAsync(stop.Token),
            CancellationToken.None))];
        Task ended = UntilEndOrFailureAsync(work);
        long started = Stopwatch.GetTimestamp();
        while (await Task.WhenAny(ended, Task.Delay(200, CancellationToken.None)) != ended)
            progress.Report(Math.Min(1, Stopwatch.GetElapsedTime(started) / time), $"{tally.Reads + tally.Writes:N0}");
        await ended;
    }

    // The first that fails ends it; the others are left to the disk's end.
    private static async Task UntilEndOrFailureAsync(Task[] work)
    {
        await foreach (Task one in Task.WhenEach(work))
            await one;
    }

    private static void Say(CommandRun run, VerifyDocument document)
    {
        if (run.Json)
        {
            run.Out.WriteLine(JsonSerializer.Serialize(document, JsonLines.Default.VerifyDocument));
            return;
        }

        run.Out.WriteLine(
            $"{document.Vdev} holds what was written: {document.Reads:N0} reads "
                + $"({ByteSize.About(document.BytesRead)}) compared, {document.Writes:N0} writes "
                + $"({ByteSize.About(document.BytesWritten)}), {document.Flushes:N0} flushes, "
                + $"{document.Discards:N0} discards in {document.Seconds:N1} s");
        run.Out.WriteLine(
            $"connected {document.Connections:N0} times, {document.OperationsReplayed:N0} operations done again; "
                + $"the longest took {document.LongestMilliseconds:N1} ms; seed {document.Seed}");
    }
}
