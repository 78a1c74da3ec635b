using System.Runtime.InteropServices;

namespace XenBlock.Xen.Interface;

/// <summary><c>struct ioctl_evtchn_bind_interdomain</c> (linux/include/uapi/xen/evtchn.h).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
internal struct BindInterdomainArgument
{
    /// <summary>Size of the structure.</summary>
    internal const int SizeBytes = 8;

    /// <summary>In: the domain that made the channel.</summary>
    [FieldOffset(0)] internal uint RemoteDomain;

    /// <summary>In: its port.</summary>
    [FieldOffset(4)] internal uint RemotePort;
}
