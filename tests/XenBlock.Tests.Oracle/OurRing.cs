using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Tests.Oracle;

/// <summary>The rings that the product uses.</summary>
internal sealed unsafe class OurRing : IRing
{
    private const int SlotSizeBytes = BlkifRequest64.SizeBytes;
    private readonly FrontRing _front;
    private readonly BackRing _back;

    public OurRing(nint pages, int lengthBytes, uint start)
    {
        var view = new SharedPages(pages, lengthBytes);
        _front = FrontRing.Create(view, SlotSizeBytes, start);
        _back = BackRing.Attach(view, SlotSizeBytes, start);
    }

    public uint FreeSlots => _front.FreeSlots;

    public uint Unanswered => _back.Unanswered;

    public void PutRequest(byte* slot) => _front.PutRequest(new ReadOnlySpan<byte>(slot, SlotSizeBytes));

    public bool PushRequests() => _front.PushRequests();

    public uint TakeRequest(byte* slot) => Number(_back.TryTakeRequest(new Span<byte>(slot, SlotSizeBytes)));

    public bool FinalCheckForRequests() => _back.FinalCheckForRequests();

    public void PutResponse(byte* response) =>
        _back.PutResponse(new ReadOnlySpan<byte>(response, BlkifResponse64.SizeBytes));

    public bool PushResponses() => _back.PushResponses();

    public uint TakeResponse(byte* response) =>
        Number(_front.TryTakeResponse(new Span<byte>(response, BlkifResponse64.SizeBytes)));

    public bool FinalCheckForResponses() => _front.FinalCheckForResponses();

    private static uint Number(RingTake take) => take switch
    {
        RingTake.Empty => 0,
        RingTake.Taken => 1,
        _ => 2,
    };
}
