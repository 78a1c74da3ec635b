using System.Runtime.InteropServices;

namespace XenBlock.Xen.Interface;

/// <summary><c>struct ioctl_gntdev_unmap_notify</c> (linux/include/uapi/xen/gntdev.h).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
internal struct UnmapNotifyArgument
{
    /// <summary>Size of the structure.</summary>
    internal const int SizeBytes = 16;

    /// <summary>In: a byte of the mapping, as an offset in the device.</summary>
    [FieldOffset(0)] internal ulong Index;

    /// <summary>In: what to do (<c>UNMAP_NOTIFY_*</c>).</summary>
    [FieldOffset(8)] internal uint Action;

    /// <summary>In: the port to send an event on.</summary>
    [FieldOffset(12)] internal uint EventChannelPort;
}
