using System.Runtime.InteropServices;

namespace XenBlock.Xen.Interface;

/// <summary>One grant to map: <c>struct ioctl_gntdev_grant_ref</c> (linux/include/uapi/xen/gntdev.h).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
internal struct ForeignGrant
{
    /// <summary>Size of the structure.</summary>
    internal const int SizeBytes = 8;

    /// <summary>The granting domain.</summary>
    [FieldOffset(0)] internal uint Domain;

    /// <summary>Its reference.</summary>
    [FieldOffset(4)] internal uint Reference;
}
