using XenBlock.Protocol;

namespace XenBlock.TestKit;

/// <summary>A request as a scripted backend took it from the ring, with all its segments.</summary>
/// <param name="Request">What the slot said.</param>
/// <param name="Segments">The segments, of the slot or of the indirect pages.</param>
public sealed record ScriptedRequest(BlockRequest Request, IReadOnlyList<BlkifSegment> Segments)
{
    public ulong Id => Request.Id;

    public BlkifOperation Operation => Request.Operation;

    public int LengthBytes => Segments.Sum(s => s.LengthBytes);
}
