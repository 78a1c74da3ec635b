using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>A request as a scripted backend took it from the ring, with all its segments.</summary>
/// <param name="Request">What the slot said.</param>
/// <param name="Segments">The segments, of the slot or of the indirect pages.</param>
public sealed record ScriptedRequest(BlockRequest Request, IReadOnlyList<BlkifSegment> Segments)
{
    /// <summary>The frontend's mark.</summary>
    public ulong Id => Request.Id;

    /// <summary>The operation; of an indirect request the inner one.</summary>
    public BlkifOperation Operation => Request.Operation;

    /// <summary>Bytes of all segments.</summary>
    public int LengthBytes => Segments.Sum(s => s.LengthBytes);
}
