using System.Runtime.InteropServices;

namespace XenBlock.Xen.Interface;

/// <summary><c>struct privcmd_hypercall</c> (linux/include/uapi/xen/privcmd.h).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
internal struct HypercallArgument
{
    /// <summary>Size of the structure.</summary>
    internal const int SizeBytes = 48;

    /// <summary>In: the hypercall's number.</summary>
    [FieldOffset(0)] internal ulong Operation;

    /// <summary>In: its first argument; four more follow.</summary>
    [FieldOffset(8)] internal ulong Argument0;

    /// <summary>In: its second argument.</summary>
    [FieldOffset(16)] internal ulong Argument1;
}
