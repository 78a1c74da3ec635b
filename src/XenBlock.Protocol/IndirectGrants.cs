using System.Runtime.CompilerServices;

namespace XenBlock.Protocol;

/// <summary>The grant references of the pages that hold an indirect request's segments, in place.</summary>
[InlineArray(ProtocolConstants.IndirectPagesMax)]
public struct IndirectGrants
{
    private uint _first;
}
