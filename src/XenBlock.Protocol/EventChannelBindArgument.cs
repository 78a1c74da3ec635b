using System.Runtime.InteropServices;

namespace XenBlock.Protocol;

/// <summary>Argument of a bind (<c>struct evtchn_bind_interdomain</c>, xen/include/public/event_channel.h).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct EventChannelBindArgument
{
    /// <summary>Size of the structure.</summary>
    public const int SizeBytes = 12;

    /// <summary>In: the domain that made the channel.</summary>
    [FieldOffset(0)] public ushort RemoteDomain;

    /// <summary>In: that domain's port.</summary>
    [FieldOffset(4)] public uint RemotePort;

    /// <summary>Out: our port.</summary>
    [FieldOffset(8)] public uint LocalPort;
}
