using System.Text.Json;
using XenBlock.Backend;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Storage;
using XenBlock.XenStore;

namespace XenBlock.Cli.Serving;

/// <summary>
/// Serves a list of images until told to stop. Every image is opened before anything else is touched.
/// </summary>
internal sealed class DiskServer : IAsyncDisposable
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_afterthought = TimeSpan.FromSeconds(1);
    private readonly List<(DiskSpecification Disk, IBlockStore Store)> _stores;
    private readonly PayloadAccess _access;

    private DiskServer(List<(DiskSpecification Disk, IBlockStore Store)> stores, PayloadAccess access)
    {
        _stores = stores;
        _access = access;
    }

    /// <summary>Opens all images.</summary>
    /// <exception cref="StoreException">One of them cannot be opened as asked.</exception>
    public static DiskServer Open(IReadOnlyList<DiskSpecification> disks, PayloadAccess access)
    {
        List<(DiskSpecification, IBlockStore)> stores = [];
        try
        {
            foreach (DiskSpecification disk in disks)
            {
                FileBlockStoreOptions options = new() { ReadOnly = disk.IsReadOnly };
                stores.Add((disk, FileBlockStore.Open(disk.Path, options)));
            }

            return new DiskServer(stores, access);
        }
        catch
        {
            foreach ((_, IBlockStore store) in stores)
                store.Dispose();
            throw;
        }
    }

    /// <summary>Serves until told to stop, or until the machine or every disk is gone.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(CommandRun run, string? socket)
    {
        IEnumerable<DomainId> frontends = _stores.Select(entry => entry.Disk.Domain).Distinct();
        await using HostedMachine machine = await HostedMachine.JoinOrHostAsync(socket, frontends, run.Token);
        await using BlockBackend backend = BlockBackend.Create(machine.Domain);
        List<ServedDisk> served = [];
        foreach ((DiskSpecification disk, IBlockStore store) in _stores)
            served.Add(await ServeAsync(machine.Domain, backend, disk, store, run.Token));

        SayReady(run, machine);
        int exitCode = await FollowAsync(run, machine, served);
        foreach (ServedDisk disk in served)
            await disk.StopAsync(orderly: true);
        if (exitCode == ExitCodes.Okay)
            await RemoveNodesAsync(machine.Domain.Store);
        foreach (ServedDisk disk in served)
            SayEnd(run, disk);
        return exitCode;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        foreach ((_, IBlockStore store) in _stores)
            store.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<ServedDisk> ServeAsync(
        EmulatedDomain dom0, BlockBackend backend, DiskSpecification disk, IBlockStore store, CancellationToken token)
    {
        VbdSpecification nodes = new()
        {
            Frontend = disk.Domain,
            Vbd = disk.Vdev!.Value,
            Params = Path.GetFullPath(disk.Path),
            IsReadOnly = disk.IsReadOnly,
        };
        try
        {
            await VbdNodes.CreateAsync(dom0.Store, nodes, token);
        }
        catch (XenBlockException taken) when (taken.Kind == XenBlockErrorKind.InUse)
        {
            // There is one dom0 and we are it: whoever served this vbd is dead, and its nodes are what it left.
            await VbdNodes.RemoveAsync(dom0.Store, disk.Domain, nodes.Vbd, force: true, cancellationToken: token);
            await VbdNodes.CreateAsync(dom0.Store, nodes, token);
        }

        ServedDiskOptions options = new() { Access = _access, ReadOnly = disk.IsReadOnly };
        return await backend.ServeAsync(disk.Domain, nodes.Vbd, store, options, token);
    }

    private void SayReady(CommandRun run, HostedMachine machine)
    {
        ServedDiskDocument[] disks = [.. _stores.Select(entry => new ServedDiskDocument(
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
            : $"ready: joined the machine at {machine.Socket}; Ctrl-C leaves it");
    }

    private static async Task<int> FollowAsync(CommandRun run, HostedMachine machine, List<ServedDisk> served)
    {
        XenbusState[] shown = [.. served.Select(disk => disk.State)];
        Task<string> gone = machine.Domain.MachineGone;
        Task<string[]> ended = Task.WhenAll(served.Select(disk => disk.Completion));
        Task stopped = Task.Delay(Timeout.Infinite, run.Token);
        while (true)
        {
            Task first = await Task.WhenAny(gone, ended, stopped, Task.Delay(s_look, CancellationToken.None));
            for (int i = 0; i < shown.Length; i++)
            {
                if (served[i].State != shown[i])
                    run.Remark($"{served[i].Vdev} of domain {served[i].Frontend.Value}: {served[i].State}");
                shown[i] = served[i].State;
            }

            if (first == stopped)
                return ExitCodes.Okay;

            // A machine that goes takes its XenStore along: disks may notice that first, and it is not the cause.
            if (first == ended)
                first = await Task.WhenAny(gone, Task.Delay(s_afterthought, CancellationToken.None));
            if (first == gone)
            {
                throw new WorkFailedException(
                    $"The machine at {machine.Socket} is gone ({await gone}); what was flushed is in the images.");
            }

            if (ended.IsCompleted)
                throw new WorkFailedException($"No disk is served any more: {(await ended)[0]}.");
        }
    }

    private async Task RemoveNodesAsync(IXenStore store)
    {
        foreach ((DiskSpecification disk, _) in _stores)
        {
            try
            {
                await VbdNodes.RemoveAsync(store, disk.Domain, disk.Vdev!.Value, force: true);
            }
            catch (XenBlockException)
            {
                // Somebody else removed it, or XenStore went away: either way it is not there.
            }
        }
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
                statistics.RingViolations);
            run.Out.WriteLine(JsonSerializer.Serialize(document, JsonLines.Default.ServedDocument));
            return;
        }

        run.Out.WriteLine(
            $"{vdev} of domain {disk.Frontend.Value}: {statistics.Requests:N0} requests, "
                + $"{ByteSize.Format(statistics.BytesRead)} read, {ByteSize.Format(statistics.BytesWritten)} written, "
                + $"{statistics.StoreErrors:N0} errors");
    }
}
