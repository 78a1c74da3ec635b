using XenBlock.Protocol;

namespace XenBlock.Fuzz.Planted;

/// <summary>A judge whose sum of first sector and count wraps around, as in many a driver once.</summary>
public sealed class PlantedRequestFault : RequestTarget
{
    /// <inheritdoc/>
    protected override RequestVerdict Judge(in BlockRequest request, in DiskLimits limits, out int lengthBytes)
    {
        RequestVerdict verdict = base.Judge(in request, in limits, out lengthBytes);
        if (verdict != RequestVerdict.BeyondEnd || request.Operation != BlkifOperation.Discard) return verdict;
        bool fits = unchecked(request.SectorFirst + request.SectorCount) <= limits.SectorCount;
        return fits ? RequestVerdict.Accepted : verdict;
    }
}
