using XenBlock.Backend;
using XenBlock.Hypervisor;
using XenBlock.Profiling;
using XenBlock.Protocol;
using XenBlock.Storage;

namespace XenBlock.Cli.Bench;

/// <summary>Serves one store as several disks.</summary>
internal sealed class BenchBackend : IBenchBackend
{
    private readonly BlockBackend _backend;
    private readonly IBlockStore _store;
    private readonly ServedDisk[] _disks;

    private BenchBackend(BlockBackend backend, IBlockStore store, ServedDisk[] disks)
    {
        _backend = backend;
        _store = store;
        _disks = disks;
    }

    /// <summary>Serves; the vbds' nodes must be there.</summary>
    /// <param name="hypervisor">The backend's domain.</param>
    /// <param name="frontend">The frontend's domain.</param>
    /// <param name="disks">The ways in.</param>
    /// <param name="store">What is behind all of them; ours from here on.</param>
    /// <param name="trace">Where stamps go; null for nowhere.</param>
    /// <param name="token">Gives up.</param>
    public static async Task<BenchBackend> ServeAsync(
        IHypervisor hypervisor,
        DomainId frontend,
        IReadOnlyList<BenchDisk> disks,
        IBlockStore store,
        TraceSession? trace,
        CancellationToken token)
    {
        BlockBackend backend = BlockBackend.Create(hypervisor);
        try
        {
            ServedDisk[] served = new ServedDisk[disks.Count];
            for (int i = 0; i < served.Length; i++)
            {
                ServedDiskOptions options = disks[i].ServedOptions(store.Geometry.IsReadOnly, trace);
                served[i] = await backend.ServeAsync(frontend, disks[i].Number, store, options, token);
            }

            return new BenchBackend(backend, store, served);
        }
        catch
        {
            await backend.DisposeAsync();
            store.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public BenchCounters Read()
    {
        BenchCounters total = default;
        foreach (ServedDisk disk in _disks)
        {
            ServedDiskStatistics statistics = disk.Statistics;
            total += new BenchCounters(
                0,
                statistics.MapCalls,
                statistics.UnmapCalls,
                statistics.CopyCalls,
                statistics.NotificationsSent,
                0)
            {
                PagesMapped = statistics.PagesMapped,
                PagesUnmapped = statistics.PagesUnmapped,
                PiecesCopied = statistics.SegmentsCopied,
                PersistentHits = statistics.PersistentHits,
                PersistentMisses = statistics.PersistentMisses,
            };
        }

        return total;
    }

    /// <inheritdoc/>
    public DiskCounters? ReadDisks()
    {
        ServedDiskStatistics[] disks = [.. _disks.Select(disk => disk.Statistics)];
        return new DiskCounters(
            disks.Sum(disk => disk.MapCalls),
            disks.Sum(disk => disk.UnmapCalls),
            disks.Sum(disk => disk.CopyCalls),
            disks.Sum(disk => disk.PersistentMisses),
            disks.Sum(disk => disk.PersistentEvictions));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _backend.DisposeAsync();
        _store.Dispose();
    }
}
