namespace XenBlock.Backend;

/// <summary>The first failure of each kind of a disk's store. The queues' threads add to it, anyone reads.</summary>
/// <param name="onNew">Called, by the queue's thread, when there is one more.</param>
internal sealed class StoreFailures(Action onNew)
{
    // Every operation with several errnos; a store that invents more of them is not followed for ever.
    private const int KindsMax = 32;

    private readonly Lock _gate = new();
    private StoreFailure[] _firsts = [];

    /// <summary>In the order in which they happened.</summary>
    public IReadOnlyList<StoreFailure> Firsts => Volatile.Read(ref _firsts);

    /// <summary>A request has failed. Allocates only for the first of a kind.</summary>
    public void Add(PendingRequest request, int errno)
    {
        lock (_gate)
        {
            foreach (StoreFailure known in _firsts)
            {
                if (known.Operation == request.Operation && known.Errno == errno) return;
            }

            if (_firsts.Length == KindsMax) return;
            StoreFailure first = new(request.Operation, request.OffsetBytes, request.LengthBytes, errno);
            Volatile.Write(ref _firsts, [.. _firsts, first]);
        }

        onNew();
    }
}
