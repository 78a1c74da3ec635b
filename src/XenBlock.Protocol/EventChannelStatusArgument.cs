using System.Runtime.InteropServices;

namespace XenBlock.Protocol;

/// <summary>
/// Argument of the question for a channel's state (<c>struct evtchn_status</c>, xen/include/public/event_channel.h).
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct EventChannelStatusArgument
{
    /// <summary>Size of the structure.</summary>
    public const int SizeBytes = 24;

    /// <summary>In: whose channel; <c>DOMID_SELF</c> for our own.</summary>
    [FieldOffset(0)] public ushort Domain;

    /// <summary>In: the port.</summary>
    [FieldOffset(4)] public uint Port;

    /// <summary>Out: what it is bound to, an <see cref="EventChannelStatus"/> or one that no device has.</summary>
    [FieldOffset(8)] public uint Status;

    /// <summary>Out: the virtual processor that it is delivered to.</summary>
    [FieldOffset(12)] public uint VirtualProcessor;
}
