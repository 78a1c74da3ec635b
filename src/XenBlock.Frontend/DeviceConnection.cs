using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Frontend;

/// <summary>All that a connection took from the machine: the rings, the event channels, the pages.</summary>
internal sealed class DeviceConnection : IConnectionPart
{
    private readonly OfferedRings _rings;
    private readonly TaskCompletionSource<string> _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private DeviceConnection(OfferedRings rings, IReadOnlyList<ConnectedQueue> queues, AgreedFeatures features)
    {
        _rings = rings;
        Queues = queues;
        Features = features;
    }

    /// <summary>By the queue's index.</summary>
    public IReadOnlyList<ConnectedQueue> Queues { get; }

    /// <inheritdoc/>
    public bool HasClosedChannel => _rings.HasClosedChannel;

    /// <summary>True if our pages are offered for as long as the connection stands.</summary>
    public bool GrantsStay => Queues[0].Link.Pool.GrantsStay;

    /// <summary>What was agreed.</summary>
    public AgreedFeatures Features { get; }

    /// <summary>Completes when the data path finds the connection broken, with the reason.</summary>
    public Task<string> Broken => _broken.Task;

    /// <summary>
    /// Makes a connection of rings, now that all is agreed. If that fails, the rings are still the caller's.
    /// </summary>
    /// <exception cref="XenBlockException">The machine has not enough pages.</exception>
    public static DeviceConnection Complete(
        OfferedRings rings,
        IGrantTable grants,
        DomainId backend,
        VbdNumber vbd,
        AgreedFeatures features,
        DiskProperties disk,
        bool isTrusted,
        BlockDeviceOptions options)
    {
        bool copies = !options.CallerPumps || !isTrusted; // through regions of the pools
        BouncePool[] pools = AllocatePools(rings, grants, backend, features, copies ? options.PoolPagesMax : 0);
        IEnumerable<ConnectedQueue> queues = rings.Queues.Zip(pools, (ring, pool) => new ConnectedQueue(
            ring,
            new FrontendLink
            {
                Ring = ring.Ring,
                Pool = pool,
                Abi = features.Abi,
                SegmentsMax = features.SegmentsMax,
                FlushOperation = features.Flush ? BlkifOperation.FlushDiskCache
                    : features.Barrier ? BlkifOperation.WriteBarrier : null,
                CanDiscard = features.Discard,
                CanDiscardSecurely = features.SecureDiscard,
                IsTrusted = isTrusted,
                Units = options.SectorUnits,
                SectorSizeBytes = disk.SectorSizeBytes,
                Handle = unchecked((ushort)vbd.Value), // as Linux does: the low half of the number
            }));
        return new DeviceConnection(rings, [.. queues], features);
    }

    /// <summary>The data path tells that the connection is of no more use.</summary>
    public void Break(string reason) => _broken.TrySetResult(reason);

    /// <inheritdoc/>
    public int Release()
    {
        int kept = Queues.Sum(queue => queue.Link.Pool.Revoke()) + _rings.Release();
        foreach (ConnectedQueue queue in Queues) queue.Link.Pool.Dispose();
        return kept;
    }

    // A pool a queue, each with its share of the pages, so that queues never meet over them. Where the machine has not
    // so many, the shares shrink alike: the first queue must not take what the last one needs.
    private static BouncePool[] AllocatePools(
        OfferedRings rings,
        IGrantTable grants,
        DomainId backend,
        AgreedFeatures features,
        int poolPagesMax)
    {
        bool grantsStay = features.Persistent || grants.Lifetime == GrantLifetime.UntilFreed;
        int sharePages = poolPagesMax == 0
            ? 0
            : Math.Max(poolPagesMax / rings.Queues.Count, ProtocolConstants.DirectSegmentsMax);
        while (true)
        {
            var pools = new List<BouncePool>(rings.Queues.Count);
            try
            {
                foreach (OfferedRing ring in rings.Queues)
                {
                    int slotCount = (int)ring.Ring.SlotCount;
                    pools.Add(BouncePool.Allocate(
                        grants, backend, slotCount, features.SegmentsMax, sharePages, grantsStay));
                }

                return [.. pools];
            }
            catch (XenBlockException e) when (
                e.Kind == XenBlockErrorKind.NoSpace && sharePages > ProtocolConstants.DirectSegmentsMax)
            {
                foreach (BouncePool pool in pools) pool.Dispose();
                sharePages = Math.Max(sharePages / 2, ProtocolConstants.DirectSegmentsMax);
            }
            catch
            {
                foreach (BouncePool pool in pools) pool.Dispose();
                throw;
            }
        }
    }
}
