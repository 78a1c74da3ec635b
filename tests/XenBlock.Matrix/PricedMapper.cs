using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.TestKit.Tampered;

namespace XenBlock.Matrix;

/// <summary>A mapper whose calls cost what they are said to, whatever they hold: another computer's.</summary>
internal sealed class PricedMapper(IGrantMapper inner, Prices prices) : TamperedMapper(inner)
{
    private SharedPages? _ring;

    public override GrantStatus Map(
        DomainId owner,
        ReadOnlySpan<GrantReference> references,
        GrantAccess access,
        Span<GrantStatus> statuses,
        out GrantMapping mapping)
    {
        GrantStatus status = base.Map(owner, references, access, statuses, out mapping);
        if (_ring is null) _ring = mapping.Pages; // the first that a backend maps
        else Prices.Burn(prices.MapNs);
        return status;
    }

    /// <summary>Asks for an event at the next request, as a backend without thresholds does all the time.</summary>
    public void Arm()
    {
        if (_ring is not { } ring) return;
        uint next = unchecked(ring.LoadAcquire(RingLayout.RequestProducer) + 1);
        ring.StoreRelease(RingLayout.RequestEvent, next);
    }

    public override void Unmap(ReadOnlySpan<GrantMapping> mappings)
    {
        Prices.Burn(prices.UnmapNs);
        base.Unmap(mappings);
    }

    public override bool Copy(DomainId owner, GrantCopyDirection direction, Span<GrantCopySegment> segments)
    {
        Prices.Burn(prices.CopyNs);
        return base.Copy(owner, direction, segments);
    }
}
