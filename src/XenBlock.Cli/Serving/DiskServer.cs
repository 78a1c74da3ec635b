using System.Text.Json;
using XenBlock.Backend;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Metrics;
using XenBlock.Cli.Output;
using XenBlock.Cli.Trace;
using XenBlock.Profiling;
using XenBlock.Protocol;
using XenBlock.Storage;
using XenBlock.Tracing;
using XenBlock.XenStore;

namespace XenBlock.Cli.Serving;

/// <summary>
/// Serves a list of images until told to stop. Every image is opened before anything else is touched.
/// </summary>
internal sealed class DiskServer : IAsyncDisposable
{
    private static readonly TimeSpan s_toolstackPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(100);
    private readonly List<ServedImage> _images;
    private readonly IReadOnlyList<VbdAddress> _addresses;
    private readonly ServeSettings _settings;
    private TraceSession? _trace;

    private DiskServer(List<ServedImage> images, IReadOnlyList<VbdAddress> addresses, ServeSettings settings)
    {
        _images = images;
        _addresses = addresses;
        _settings = settings;
    }

    /// <summary>Opens all images that were named.</summary>
    /// <param name="disks">Images to serve as disks that we make.</param>
    /// <param name="addresses">Disks that a toolstack made, whose nodes name the image.</param>
    /// <param name="settings">How to serve them.</param>
    /// <exception cref="StoreException">One of them cannot be opened as asked.</exception>
    public static DiskServer Open(
        IReadOnlyList<DiskSpecification> disks, IReadOnlyList<VbdAddress> addresses, ServeSettings settings)
    {
        List<ServedImage> images = [];
        try
        {
            foreach (DiskSpecification disk in disks)
            {
                FileBlockStoreOptions options = settings.StoreOptions(disk.IsReadOnly);
                images.Add(new ServedImage(disk, FileBlockStore.Open(disk.Path, options)));
            }

            return new DiskServer(images, addresses, settings);
        }
        catch
        {
            foreach (ServedImage image in images)
                image.Dispose();
            throw;
        }
    }

    /// <summary>Serves until told to stop, or until the machine or every disk is gone.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(CommandRun run, MachineChoice choice)
    {
        using MetricsExport? metrics = _settings.Metrics is { } where ? MetricsExport.Start(where) : null;
        IEnumerable<DomainId> frontends = _images.Select(image => image.Disk.Domain).Distinct();
        await using HostedMachine machine = await HostedMachine.JoinOrHostAsync(choice, frontends, run.Token);
        foreach (VbdAddress address in _addresses)
            _images.Add(await ToolstackDisk.OpenAsync(machine, address, _settings, run.Token));
        await using SharedTrace? trace =
            await TraceDoor.OpenAsync(machine, _settings.AllowsTrace, _settings.Tracer, run.Token);
        _trace = trace?.Session;
        await using BlockBackend backend = BlockBackend.Create(machine.Domain, _settings.BackendOptions);
        bool isReady = false;
        try
        {
            foreach (ServedImage image in _images)
                await ServeAsync(machine, backend, image, run.Token);
            SayReady(run, machine);
            isReady = true;
            int exitCode = await new ServingWatch(run, machine, _images).FollowAsync();
            metrics?.Flush();
            await StopAsync();

            // A toolstack that takes a disk away is busy with its nodes until it has removed them itself; one that had
            // given up before the guest let go does not come back for them.
            if (!run.Token.IsCancellationRequested)
                await UntilRemovedAsync();
            await WithdrawAsync(onlyNew: false);
            foreach (ServedImage image in _images)
                SayEnd(run, image.Served!);
            return exitCode;
        }
        catch
        {
            // What failed before anybody could use it leaves nothing behind. What failed later keeps its nodes, so
            // that the next of us can take up where this one left.
            if (!isReady)
            {
                await StopAsync();
                await WithdrawAsync(onlyNew: true);
            }

            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        foreach (ServedImage image in _images)
            image.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task ServeAsync(
        HostedMachine machine, BlockBackend backend, ServedImage image, CancellationToken token)
    {
        DiskSpecification disk = image.Disk;
        VbdNumber vbd = disk.Vdev!.Value;
        image.Claim = DiskClaim.Take(machine, disk.Domain, vbd);
        if (disk.Nodes is { } entry)
        {
            await image.Claim.AdoptAsync(entry, token);
        }
        else
        {
            VbdSpecification nodes = DiskClaim.NodesOf(
                machine.Domain.DomainId, disk.Domain, vbd, disk.Path, disk.IsReadOnly, access: null);
            await image.Claim.MakeOrAdoptAsync(nodes, token);
        }

        ServedDiskOptions options = new()
        {
            Access = _settings.Access ?? image.Access ?? PayloadAccess.Persistent,
            QueuesMax = _settings.QueuesMax,
            ReadOnly = disk.IsReadOnly,
            SectorUnits = _settings.SectorUnits,
            Trace = _trace,

            // On an embedded machine nothing of a ring outlives the process.
            InFlightPath = machine.IsXen ? DiskLock.InFlightPathOf(disk.Domain, vbd) : null,
        };
        image.Served = await backend.ServeAsync(disk.Domain, vbd, image.Store, options, token);
        await image.Claim.ShowAsync(token);
    }

    private Task StopAsync() =>
        Task.WhenAll(_images.Select(image => image.Served?.StopAsync(orderly: true) ?? Task.CompletedTask));

    private async Task UntilRemovedAsync()
    {
        for (Patience patience = new(s_toolstackPatience); !patience.IsOver;)
        {
            bool[] left = await Task.WhenAll(
                _images.Select(image => image.Claim?.HasNodesAsync() ?? Task.FromResult(false)));
            if (!left.Contains(true))
                return;
            await Task.Delay(s_step, CancellationToken.None);
        }
    }

    private async Task WithdrawAsync(bool onlyNew)
    {
        foreach (ServedImage image in _images)
        {
            if (image.Claim is { } claim)
                await claim.WithdrawAsync(onlyNew);
        }
    }

    private void SayReady(CommandRun run, HostedMachine machine)
    {
        ServiceManager.SayReady();
        ServedDiskDocument[] disks = [.. _images.Select(entry => new ServedDiskDocument(
            entry.Disk.Path,
            VbdName.Format(entry.Disk.Vdev!.Value),
            entry.Disk.Domain.Value,
            entry.Store.Geometry.SizeBytes,
            entry.Store.Geometry.IsReadOnly))];
        if (run.Json)
        {
            ReadyDocument document = new(ReadyDocument.SchemaName, "serve", machine.Socket, disks);
            run.Out.WriteLine(JsonSerializer.Serialize(document, JsonLines.Default.ReadyDocument));
            return;
        }

        foreach (ServedDiskDocument disk in disks)
        {
            run.Out.WriteLine(
                $"{disk.Path}: {disk.Vdev} of domain {disk.Domain}, {ByteSize.Format(disk.SizeBytes)}"
                    + (disk.IsReadOnly ? ", read-only" : ""));
        }

        run.Out.WriteLine(machine.IsHosted
            ? $"ready: hosting a machine at {machine.Socket}; Ctrl-C ends it"
            : machine.IsXen
                ? $"ready: {machine.Domain.Description}, domain {machine.Domain.DomainId.Value}; "
                    + "Ctrl-C takes the disks away"
                : $"ready: joined the machine at {machine.Socket}; Ctrl-C leaves it");
    }

    private static void SayEnd(CommandRun run, ServedDisk disk)
    {
        ServedDiskStatistics statistics = disk.Statistics;
        string vdev = VbdName.Format(disk.Vdev);
        if (run.Json)
        {
            ServedDocument document = new(
                ServedDocument.SchemaName,
                vdev,
                disk.Frontend.Value,
                statistics.Requests,
                statistics.BytesRead,
                statistics.BytesWritten,
                statistics.StoreErrors,
                statistics.RingViolations,
                statistics.Flushes,
                statistics.Barriers,
                statistics.Discards,
                statistics.IndirectRequests,
                statistics.Merged,
                statistics.PagesMapped,
                statistics.PersistentHits,
                statistics.NotificationsSent,
                statistics.Recovered,
                statistics.RequestsPerQueue);
            run.Out.WriteLine(JsonSerializer.Serialize(document, JsonLines.Default.ServedDocument));
            return;
        }

        run.Out.WriteLine(
            $"{vdev} of domain {disk.Frontend.Value}: {statistics.Requests:N0} requests, "
                + $"{ByteSize.About(statistics.BytesRead)} read, {ByteSize.About(statistics.BytesWritten)} written, "
                + $"{statistics.StoreErrors:N0} errors");
    }
}
