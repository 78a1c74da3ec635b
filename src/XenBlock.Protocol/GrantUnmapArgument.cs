using System.Runtime.InteropServices;

namespace XenBlock.Protocol;

/// <summary>
/// One element of an unmap hypercall (<c>struct gnttab_unmap_grant_ref</c>, the same for 32 and 64 bits).
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct GrantUnmapArgument
{
    /// <summary>Size of the structure.</summary>
    public const int SizeBytes = 24;

    /// <summary>In: where it is mapped.</summary>
    [FieldOffset(0)] public ulong HostAddress;

    /// <summary>In: the address for devices, or 0.</summary>
    [FieldOffset(8)] public ulong DeviceBusAddress;

    /// <summary>In: what the map gave.</summary>
    [FieldOffset(16)] public uint Handle;

    /// <summary>Out: <c>GNTST_*</c>.</summary>
    [FieldOffset(20)] public short Status;
}
