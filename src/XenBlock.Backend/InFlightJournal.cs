using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Backend;

/// <summary>
/// What a ring has taken and not yet answered, in memory that outlives the process: from it the next process goes on
/// where this one was killed, at whatever instruction. The peer cannot write this memory. For the pump's thread only.
/// </summary>
/// <remarks>
/// The ring itself does not tell: a response overwrites the slot of another request, and which requests were taken is
/// private to the process that died. The order of the steps, and what the next process makes of a death between them:
/// <list type="number">
/// <item>taken: the copy of the slot, then the consumer index. Before the index it counts as not taken; the slot is
/// still whole.</item>
/// <item>answered: status and place of the response, before the response is put. The response counts once the ring's
/// own producer index covers it, which the frontend sees at the same moment; before, it is put again.</item>
/// <item>published: the producer index here, then the entries are free.</item>
/// </list>
/// vhost-user's in-flight descriptors (docs/interop/vhost-user.rst of QEMU) solve the same problem for virtio.
/// </remarks>
internal class InFlightJournal
{
    private const ulong Magic = 0x32_4C_46_4E_49_4B_42_58; // "XBKINFL2", of this layout
    private const int SlotCountOffset = 8;
    private const int SlotSizeOffset = 12;
    private const int ConsumerOffset = 16;
    private const int PublishedOffset = 20;
    private const int MarkOffset = 24;
    private const int IdentityOffset = 64;
    private const int IdentityWordsMax = 64;
    private const int HeaderBytes = 512;
    private const int EntryBytes = 160;
    private const int StateOffset = 0;
    private const int RequestIndexOffset = 4;
    private const int ResponseIndexOffset = 8;
    private const int StatusOffset = 12;
    private const int OperationOffset = 14;
    private const int IdOffset = 16;
    private const int SlotOffset = 32;

    private const uint Free = 0;
    private const uint Taken = 1;
    private const uint Answered = 2;

    private readonly SharedPages _memory;
    private readonly uint _slotCount;
    private readonly int _slotSizeBytes;

    /// <summary>A view of the memory; changes nothing.</summary>
    /// <param name="memory">As long as <see cref="LengthBytes"/> says.</param>
    /// <param name="slotCount">Slots of the ring.</param>
    /// <param name="slotSizeBytes">Bytes of a slot.</param>
    public InFlightJournal(SharedPages memory, uint slotCount, int slotSizeBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(memory.LengthBytes, LengthBytes(slotCount), nameof(memory));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(slotSizeBytes, EntryBytes - SlotOffset);
        _memory = memory;
        _slotCount = slotCount;
        _slotSizeBytes = slotSizeBytes;
    }

    /// <summary>Bytes of memory for a ring of so many slots.</summary>
    public static int LengthBytes(uint slotCount) => HeaderBytes + ((int)slotCount * EntryBytes);

    /// <summary>A ring that nobody has taken anything from.</summary>
    /// <param name="ring">What tells this ring from others: at most 64 words.</param>
    /// <param name="start">Its next request, and its next response.</param>
    /// <param name="mark">Not zero: what stands on the ring itself (<see cref="RingLayout.BackendMark"/>).</param>
    public void Reset(ReadOnlySpan<uint> ring, uint start, ulong mark)
    {
        _memory.StoreRelease64(0, 0); // while it changes it is nobody's
        for (int entry = 0; entry < _slotCount; entry++) SetState(entry, Free);
        _memory.StoreRelease(SlotCountOffset, _slotCount);
        _memory.StoreRelease(SlotSizeOffset, (uint)_slotSizeBytes);
        _memory.StoreRelease(ConsumerOffset, start);
        _memory.StoreRelease(PublishedOffset, start);
        _memory.StoreRelease64(MarkOffset, mark);
        for (int word = 0; word < IdentityWordsMax; word++)
            _memory.StoreRelease(IdentityOffset + (word * sizeof(uint)), word < ring.Length ? ring[word] : 0);
        _memory.StoreRelease64(0, Magic);
    }

    /// <summary>
    /// What was under way when the last process died; null if the memory is not of this ring, or of no ring.
    /// </summary>
    /// <param name="ring">What tells this ring from others.</param>
    /// <param name="responseProducer">
    /// The ring's own, as it is now. The frontend can write it, so it is believed only if it is one of the two values
    /// that our own steps can have left.
    /// </param>
    /// <param name="mark">
    /// What stands on the ring. A frontend that connects anew may offer a ring with the same references and the same
    /// port, on which nothing of this journal was ever taken.
    /// </param>
    public InFlightRequests? Recover(ReadOnlySpan<uint> ring, uint responseProducer, ulong mark)
    {
        if (!IsOf(ring) || mark == 0 || _memory.LoadAcquire64(MarkOffset) != mark) return null;
        uint published = _memory.LoadAcquire(PublishedOffset);
        uint consumer = _memory.LoadAcquire(ConsumerOffset);
        List<int> taken = [];
        List<int> answered = [];
        for (int entry = 0; entry < _slotCount; entry++)
        {
            uint state = _memory.LoadAcquire(At(entry, StateOffset));
            if (state == Answered && IsBefore(ResponseIndex(entry), published)) SetState(entry, Free);
            else if (state == Answered) answered.Add(entry);
            else if (state == Taken && !IsBefore(RequestIndex(entry), consumer)) SetState(entry, Free);
            else if (state == Taken) taken.Add(entry);
        }

        if (responseProducer != published)
        {
            // All that was answered had been published, or this is another ring.
            if (responseProducer != unchecked(published + (uint)answered.Count)) return null;
            _memory.StoreRelease(PublishedOffset, responseProducer);
            foreach (int entry in answered) SetState(entry, Free);
            answered.Clear();
        }

        if (unchecked(consumer - responseProducer) != (uint)(taken.Count + answered.Count)) return null;
        answered.Sort((one, other) => Order(ResponseIndex(one), ResponseIndex(other)));
        taken.Sort((one, other) => Order(RequestIndex(one), RequestIndex(other)));
        return new InFlightRequests(consumer, responseProducer, [.. answered], [.. taken]);
    }

    /// <summary>The copy of a request that was taken.</summary>
    public void ReadSlot(int entry, Span<byte> slot) => _memory.CopyOut(At(entry, SlotOffset), slot);

    /// <summary>The response of a request that was answered, and the answer not seen.</summary>
    public BlockResponse ReadResponse(int entry) => new()
    {
        Id = _memory.LoadAcquire64(At(entry, IdOffset)),
        Operation = (BlkifOperation)_memory.CopyOut<byte>(At(entry, OperationOffset)),
        Status = (BlkifStatus)_memory.CopyOut<short>(At(entry, StatusOffset)),
    };

    /// <summary>A request was taken.</summary>
    /// <param name="entry">Where: the place of the request in the pump's table.</param>
    /// <param name="requestIndex">Its index on the ring.</param>
    /// <param name="slot">The copy that was taken.</param>
    public virtual void Take(int entry, uint requestIndex, ReadOnlySpan<byte> slot)
    {
        _memory.CopyIn(At(entry, SlotOffset), slot);
        _memory.StoreRelease(At(entry, RequestIndexOffset), requestIndex);
        SetState(entry, Taken);
        _memory.StoreRelease(ConsumerOffset, unchecked(requestIndex + 1));
    }

    /// <summary>A request is about to be answered.</summary>
    public virtual void Answer(int entry, uint responseIndex, in BlockResponse response)
    {
        _memory.StoreRelease64(At(entry, IdOffset), response.Id);
        _memory.CopyIn(At(entry, OperationOffset), (byte)response.Operation);
        _memory.CopyIn(At(entry, StatusOffset), (short)response.Status);
        _memory.StoreRelease(At(entry, ResponseIndexOffset), responseIndex);
        SetState(entry, Answered);
    }

    /// <summary>All responses up to here are published.</summary>
    public virtual void Publish(uint responseProducer) => _memory.StoreRelease(PublishedOffset, responseProducer);

    /// <summary>An entry whose response is published can be used again.</summary>
    public virtual void Release(int entry) => SetState(entry, Free);

    private static bool IsBefore(uint index, uint other) => unchecked((int)(index - other)) < 0;

    private static int Order(uint one, uint other) => unchecked((int)(one - other));

    private static int At(int entry, int offset) => HeaderBytes + (entry * EntryBytes) + offset;

    private bool IsOf(ReadOnlySpan<uint> ring)
    {
        if (_memory.LoadAcquire64(0) != Magic
            || _memory.LoadAcquire(SlotCountOffset) != _slotCount
            || _memory.LoadAcquire(SlotSizeOffset) != (uint)_slotSizeBytes)
            return false;
        for (int word = 0; word < IdentityWordsMax; word++)
        {
            uint wanted = word < ring.Length ? ring[word] : 0;
            if (_memory.LoadAcquire(IdentityOffset + (word * sizeof(uint))) != wanted) return false;
        }

        return true;
    }

    private uint RequestIndex(int entry) => _memory.LoadAcquire(At(entry, RequestIndexOffset));

    private uint ResponseIndex(int entry) => _memory.LoadAcquire(At(entry, ResponseIndexOffset));

    private void SetState(int entry, uint state) => _memory.StoreRelease(At(entry, StateOffset), state);
}
