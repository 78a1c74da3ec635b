using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Backend;

/// <summary>
/// A request between being taken from the ring and being answered. The pump has one per slot, made at connect; a
/// request is taken into one, finished once, and answered once, or an invariant breaks.
/// </summary>
internal sealed class PendingRequest(int index)
{
    /// <summary>Its place in the pump's table, and its token in a store's pipeline.</summary>
    public int Index { get; } = index;

    public PendingRequestStage Stage;
    public ulong Id;
    public BlkifOperation Operation;
    public BlkifStatus Status;
    public StoreSteps StepsLeft;
    public StoreSteps StepUnderWay;
    public bool IsSecureDiscard;
    public long OffsetBytes;
    public long LengthBytes;

    /// <summary>Order of acquiring payload: what this request uses must not be evicted while it is under way.</summary>
    public long Serial;

    /// <summary>Mappings of its own, to be undone before the response; a page count of 0 means none.</summary>
    public GrantMapping PayloadMapping;

    /// <summary>The pages with its segments, if they were mapped for it alone.</summary>
    public GrantMapping IndirectMapping;

    /// <summary>The bounce region it holds, or -1.</summary>
    public int BounceRegion = -1;

    /// <summary>With a choice of ways: the one that it went, if <see cref="AccessPages"/> is not 0.</summary>
    public AccessWay AccessWay;

    /// <summary>Pages whose cost is being measured; 0 for none.</summary>
    public int AccessPages;

    /// <summary>Ticks of the clock that reaching them took.</summary>
    public long AccessTicks;

    /// <summary>Ticks of the clock when it was taken, if somebody measures how long requests take; else 0.</summary>
    public long TakenTicks;

    /// <summary>True if the data goes to the frontend.</summary>
    public bool IsRead => Operation == BlkifOperation.Read;

    /// <summary>Ready for another request.</summary>
    public void Clear()
    {
        Stage = PendingRequestStage.Free;
        StepsLeft = StepUnderWay = StoreSteps.None;
        Status = BlkifStatus.Okay;
        IsSecureDiscard = false;
        OffsetBytes = 0;
        LengthBytes = 0;
        Serial = 0;
        PayloadMapping = default;
        IndirectMapping = default;
        BounceRegion = -1;
        AccessPages = 0;
        TakenTicks = 0;
    }
}
