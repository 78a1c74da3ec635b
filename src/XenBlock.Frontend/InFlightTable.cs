namespace XenBlock.Frontend;

/// <summary>
/// The requests on the ring, by index, as many as the ring has slots. Free indices are taken last in, first out, so
/// that a device with little to do touches little memory.
/// </summary>
/// <remarks>
/// An id is an index with a generation above it. A response to a request that was answered already carries an old
/// generation, so it is caught even if the index is in use again (S13).
/// </remarks>
internal sealed class InFlightTable
{
    private readonly InFlightRequest[] _requests;
    private readonly int[] _free;
    private int _freeCount;
    private ulong _generation;

    public InFlightTable(int slotCount)
    {
        _requests = new InFlightRequest[slotCount];
        _free = new int[slotCount];
        for (int i = 0; i < slotCount; i++) _free[i] = slotCount - 1 - i;
        _freeCount = slotCount;
    }

    /// <summary>How many requests fit.</summary>
    public int Capacity => _requests.Length;

    /// <summary>How many are on the ring.</summary>
    public int Count => _requests.Length - _freeCount;

    /// <summary>True if there is no free index.</summary>
    public bool IsFull => _freeCount == 0;

    /// <summary>The request with an index.</summary>
    public ref InFlightRequest this[int index] => ref _requests[index];

    /// <summary>The index that <see cref="Take"/> would give.</summary>
    public int Peek() => _free[_freeCount - 1];

    /// <summary>Takes an index and gives it a fresh id.</summary>
    public int Take()
    {
        int index = _free[--_freeCount];
        _generation = unchecked(_generation + (1UL << 32));
        _requests[index].Id = _generation | (uint)index;
        return index;
    }

    /// <summary>Frees an index.</summary>
    public void Give(int index)
    {
        ref InFlightRequest request = ref _requests[index];
        if (request.Operation is null) throw new InvalidOperationException($"request {index} was freed twice");
        request.Operation = null;
        _free[_freeCount++] = index;
    }

    /// <summary>The index that an id from the peer stands for, or -1 if no request on the ring has it.</summary>
    public int Find(ulong id)
    {
        uint index = unchecked((uint)id);
        if (index >= (uint)_requests.Length) return -1;
        ref InFlightRequest request = ref _requests[index];
        return request.Operation is not null && request.Id == id ? (int)index : -1;
    }
}
