using System.Runtime.CompilerServices;

namespace XenBlock.Protocol;

/// <summary>The segments that fit in a slot, in place.</summary>
[InlineArray(ProtocolConstants.DirectSegmentsMax)]
public struct DirectSegments
{
    private BlkifSegment _first;
}
