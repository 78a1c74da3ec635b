using System.Runtime.InteropServices;

namespace XenBlock.Protocol;

/// <summary>One element of a map hypercall (<c>struct gnttab_map_grant_ref</c>, the same for 32 and 64 bits).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct GrantMapArgument
{
    /// <summary>Size of the structure.</summary>
    public const int SizeBytes = 32;

    /// <summary>In: where to map it in the caller's address space.</summary>
    [FieldOffset(0)] public ulong HostAddress;

    /// <summary>In: how.</summary>
    [FieldOffset(8)] public GrantMapFlags Flags;

    /// <summary>In: the grant reference.</summary>
    [FieldOffset(12)] public uint Reference;

    /// <summary>In: the domain that granted it.</summary>
    [FieldOffset(16)] public ushort Domain;

    /// <summary>Out: <c>GNTST_*</c>; each element has its own, whatever the call returns (XSA-361).</summary>
    [FieldOffset(18)] public short Status;

    /// <summary>Out: what to unmap it by.</summary>
    [FieldOffset(20)] public uint Handle;

    /// <summary>Out: the address for devices.</summary>
    [FieldOffset(24)] public ulong DeviceBusAddress;
}
