using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Frontend;

/// <summary>
/// The first half of a connection: what the backend must be told before it says all that it offers, the rings and the
/// event channels of all queues.
/// </summary>
internal sealed class OfferedRings : IConnectionPart
{
    private readonly BlkifAbi _abi;

    private OfferedRings(BlkifAbi abi, IReadOnlyList<OfferedRing> queues)
    {
        _abi = abi;
        Queues = queues;
    }

    /// <summary>By the queue's index.</summary>
    public IReadOnlyList<OfferedRing> Queues { get; }

    /// <inheritdoc/>
    public bool HasClosedChannel => Queues.Any(queue => queue.Channel.State == EventChannelState.PeerClosed);

    /// <summary>Takes a ring and a channel for every queue, all or nothing.</summary>
    /// <exception cref="XenBlockException">The machine has not enough of something.</exception>
    public static OfferedRings Allocate(IHypervisor hypervisor, DomainId backend, AgreedFeatures features)
    {
        var queues = new List<OfferedRing>(features.QueueCount);
        try
        {
            for (int i = 0; i < features.QueueCount; i++)
                queues.Add(OfferedRing.Allocate(hypervisor, backend, features));
            return new OfferedRings(features.Abi, queues.AsReadOnly());
        }
        catch
        {
            foreach (OfferedRing queue in queues) queue.Release();
            throw;
        }
    }

    /// <summary>What goes into our directory.</summary>
    /// <param name="persistent">
    /// Whether the backend may keep our pages mapped if it can: Linux's says so only afterwards.
    /// </param>
    public FrontendAnswer Answer(bool persistent) => new()
    {
        Queues = [.. Queues.Select(queue => queue.Answer)],
        Abi = _abi,
        Persistent = persistent,
        LifeByte = true,
    };

    /// <inheritdoc/>
    public int Release() => Queues.Sum(queue => queue.Release());
}
