using System.Runtime.InteropServices;

namespace XenBlock.Protocol;

/// <summary>
/// Argument of an allocation (<c>struct evtchn_alloc_unbound</c>, xen/include/public/event_channel.h).
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct EventChannelAllocateArgument
{
    /// <summary>Size of the structure.</summary>
    public const int SizeBytes = 8;

    /// <summary>In: the domain that gets the port; usually <see cref="DomainId.Self"/>.</summary>
    [FieldOffset(0)] public ushort Domain;

    /// <summary>In: the only domain that may bind to it.</summary>
    [FieldOffset(2)] public ushort RemoteDomain;

    /// <summary>Out: the port.</summary>
    [FieldOffset(4)] public uint Port;
}
