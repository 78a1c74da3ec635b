using System.Runtime.InteropServices;

namespace XenBlock.Tests.Oracle;

/// <summary>A plain ring with at most one planted mistake. Not for use by anybody but the test of the test.</summary>
internal sealed unsafe class MutantRing(nint pages, int lengthBytes, uint start, Mutation mutation) : IRing
{
    private const int Slot = 112;
    private readonly uint _slots = SlotCount(lengthBytes);
    private readonly bool _isInitialised = Initialise(pages, start);
    private ulong _requestProducer = start;
    private ulong _requestPublished = start;
    private ulong _requestConsumer = start;
    private ulong _responseProducer = start;
    private ulong _responsePublished = start;
    private ulong _responseConsumer = start;

    public uint FreeSlots => _isInitialised ? _slots - (uint)(_requestProducer - _responseConsumer) : 0;

    public uint Unanswered => (uint)(_requestConsumer - _responseProducer);

    public void PutRequest(byte* slot) => Copy(slot, At(_requestProducer++, Slot), Slot);

    public bool PushRequests() => Push(0, 4, _requestProducer, ref _requestPublished);

    public uint TakeRequest(byte* slot)
    {
        uint overflowAt = mutation == Mutation.OverflowTooEarly ? _slots : _slots + 1;
        if (unchecked(Word(0) - (uint)_responseProducer) >= overflowAt) return 2;
        if (!HasMore(0, _requestConsumer)) return 0;
        Copy(At(_requestConsumer++, Slot), slot, Slot);
        return 1;
    }

    public bool FinalCheckForRequests() => FinalCheck(0, 4, _requestConsumer);

    public void PutResponse(byte* response) => Copy(response, At(_responseProducer++, Stride), 16);

    public bool PushResponses() => Push(8, 12, _responseProducer, ref _responsePublished);

    public uint TakeResponse(byte* response)
    {
        if (unchecked(Word(8) - (uint)_responseConsumer) > _slots) return 2;
        if (!HasMore(8, _responseConsumer)) return 0;
        Copy(At(_responseConsumer++, Stride), response, 16);
        return 1;
    }

    public bool FinalCheckForResponses() => FinalCheck(8, 12, _responseConsumer);

    private int Stride => mutation == Mutation.ResponseStride ? 16 : Slot;

    private static uint SlotCount(int lengthBytes)
    {
        uint count = 1;
        while ((count * 2 * Slot) + 64 <= lengthBytes) count *= 2;
        return count;
    }

    private static bool Initialise(nint pages, uint start)
    {
        new Span<byte>((void*)pages, 64).Clear();
        uint* words = (uint*)pages;
        words[0] = words[2] = start;
        words[1] = words[3] = unchecked(start + 1);
        return true;
    }

    private static void Copy(byte* from, byte* to, int lengthBytes) =>
        NativeMemory.Copy(from, to, (nuint)lengthBytes);

    private uint Word(int offset) => *(uint*)(pages + offset);

    private byte* At(ulong index, int stride) => (byte*)pages + 64 + ((int)(index & (_slots - 1)) * stride);

    private bool HasMore(int producerOffset, ulong consumer) => mutation == Mutation.WideIndices
        ? Word(producerOffset) > consumer
        : Word(producerOffset) != unchecked((uint)consumer);

    private bool Push(int producerOffset, int eventOffset, ulong producer, ref ulong published)
    {
        ulong before = published;
        published = producer;
        *(uint*)(pages + producerOffset) = unchecked((uint)producer);
        uint wanted = Word(eventOffset);
        if (mutation == Mutation.WideIndices) return unchecked(producer - wanted) < producer - before;
        uint sinceWanted = unchecked((uint)producer - wanted);
        uint sinceBefore = unchecked((uint)producer - (uint)before);
        return mutation == Mutation.NotifyOnEqual ? sinceWanted <= sinceBefore : sinceWanted < sinceBefore;
    }

    private bool FinalCheck(int producerOffset, int eventOffset, ulong consumer)
    {
        if (HasMore(producerOffset, consumer)) return true;
        uint ahead = mutation == Mutation.EventAtConsumer ? 0u : 1u;
        if (mutation != Mutation.EventNotWritten)
            *(uint*)(pages + eventOffset) = unchecked((uint)consumer + ahead);
        return HasMore(producerOffset, consumer);
    }
}
