using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Backend;

/// <summary>A frontend's queues, from connect to disconnect. When one of them ends, the connection has ended.</summary>
internal sealed class DiskConnection
{
    private readonly IGrantMapper _mapper;
    private readonly DiskQueue[] _queues;
    private bool _isClosed;

    private DiskConnection(IGrantMapper mapper, FrontendAnswer answer, DiskQueue[] queues)
    {
        _mapper = mapper;
        Answer = answer;
        _queues = queues;
        Ended = Task.WhenAny(queues.Select(queue => queue.Ended)).Unwrap();
    }

    /// <summary>What the frontend had published.</summary>
    public FrontendAnswer Answer { get; }

    /// <summary>Completes with the end of the first queue that ends: the others are still to be closed.</summary>
    public Task<QueueEnd> Ended { get; }

    /// <summary>Opens every queue; if one fails, nothing stays. Not started yet.</summary>
    /// <param name="plan">What it is made of.</param>
    /// <param name="counters">Where each queue counts.</param>
    /// <exception cref="XenBlockException">What the frontend published cannot be used.</exception>
    public static async Task<DiskConnection> OpenAsync(ConnectionPlan plan, IReadOnlyList<BackendCounters> counters)
    {
        var queues = new List<DiskQueue>(plan.Answer.Queues.Count);
        try
        {
            for (int i = 0; i < plan.Answer.Queues.Count; i++) queues.Add(DiskQueue.Open(plan, i, counters[i]));
            return new DiskConnection(plan.Hypervisor.Mapper, plan.Answer, [.. queues]);
        }
        catch
        {
            await CloseAsync(plan.Hypervisor.Mapper, queues);
            throw;
        }
    }

    /// <summary>True if the frontend has published the same rings and channels again.</summary>
    public static bool IsSame(FrontendAnswer one, FrontendAnswer other) =>
        one.Abi == other.Abi
        && one.Persistent == other.Persistent
        && one.Queues.Count == other.Queues.Count
        && one.Queues.Zip(other.Queues).All(pair =>
            pair.First.EventChannel == pair.Second.EventChannel
            && pair.First.RingReferences.SequenceEqual(pair.Second.RingReferences));

    /// <summary>Begins to serve.</summary>
    public void Start()
    {
        foreach (DiskQueue queue in _queues) queue.Start();
    }

    /// <summary>The disk has changed its size.</summary>
    public void SetLimits(in DiskLimits limits)
    {
        foreach (DiskQueue queue in _queues) queue.SetLimits(in limits);
    }

    /// <summary>Ends every queue, and lets go of all that is the frontend's.</summary>
    public async Task CloseAsync()
    {
        if (_isClosed) return;
        _isClosed = true;
        await CloseAsync(_mapper, _queues);
    }

    // Channels last: a frontend that finds one closed takes the pages of all its rings back at once.
    private static async Task CloseAsync(IGrantMapper mapper, IReadOnlyCollection<DiskQueue> queues)
    {
        await Task.WhenAll(queues.Select(queue => queue.StopAsync()));
        if (queues.Count != 0) mapper.Unmap([.. queues.Select(queue => queue.Ring)]);
        foreach (DiskQueue queue in queues) queue.Close();
    }
}
