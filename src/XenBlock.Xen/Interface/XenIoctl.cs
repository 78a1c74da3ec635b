namespace XenBlock.Xen.Interface;

/// <summary>
/// The numbers of the ioctls of /dev/xen. Linux gives them no direction (<c>_IOC_NONE</c>), so that each is the size of
/// the argument, the driver's letter and a number (include/uapi/xen/gntdev.h, gntalloc.h, evtchn.h, privcmd.h).
/// </summary>
internal static class XenIoctl
{
    /// <summary>IOCTL_GNTDEV_MAP_GRANT_REF.</summary>
    internal const uint MapGrantReferences = 0x0018_4700;

    /// <summary>IOCTL_GNTDEV_UNMAP_GRANT_REF.</summary>
    internal const uint UnmapGrantReferences = 0x0010_4701;

    /// <summary>IOCTL_GNTDEV_SET_UNMAP_NOTIFY, and IOCTL_GNTALLOC_SET_UNMAP_NOTIFY: the same number.</summary>
    internal const uint SetUnmapNotify = 0x0010_4707;

    /// <summary>IOCTL_GNTDEV_GRANT_COPY.</summary>
    internal const uint CopyGrants = 0x0010_4708;

    /// <summary>IOCTL_GNTALLOC_ALLOC_GREF.</summary>
    internal const uint AllocateGrants = 0x0018_4705;

    /// <summary>IOCTL_GNTALLOC_DEALLOC_GREF.</summary>
    internal const uint DeallocateGrants = 0x0010_4706;

    /// <summary>IOCTL_EVTCHN_BIND_INTERDOMAIN; the call returns the local port.</summary>
    internal const uint BindInterdomain = 0x0008_4501;

    /// <summary>IOCTL_EVTCHN_BIND_UNBOUND_PORT; the call returns the local port.</summary>
    internal const uint BindUnboundPort = 0x0004_4502;

    /// <summary>IOCTL_EVTCHN_UNBIND.</summary>
    internal const uint Unbind = 0x0004_4503;

    /// <summary>IOCTL_EVTCHN_NOTIFY.</summary>
    internal const uint Notify = 0x0004_4504;

    /// <summary>IOCTL_EVTCHN_RESET: empties the ring of events, which ends an overflow (EFBIG).</summary>
    internal const uint ResetEvents = 0x0000_4505;

    /// <summary>IOCTL_PRIVCMD_HYPERCALL.</summary>
    internal const uint Hypercall = 0x0030_5000;

    /// <summary><c>__HYPERVISOR_event_channel_op</c> (xen/include/public/xen.h).</summary>
    internal const ulong EventChannelHypercall = 32;

    /// <summary><c>UNMAP_NOTIFY_CLEAR_BYTE</c>.</summary>
    internal const uint UnmapNotifyClearByte = 1;

    /// <summary><c>UNMAP_NOTIFY_SEND_EVENT</c>.</summary>
    internal const uint UnmapNotifySendEvent = 2;

    /// <summary><c>GNTALLOC_FLAG_WRITABLE</c>.</summary>
    internal const ushort AllocateWritable = 1;
}
