namespace XenBlock.Protocol;

/// <summary>
/// The layout a frontend uses in its ring, named by its <c>protocol</c> key (xen/include/public/io/protocols.h).
/// </summary>
public enum BlkifAbi
{
    /// <summary>"x86_64-abi": 64-bit integers on 8-byte boundaries, slots of 112 bytes.</summary>
    X86_64,

    /// <summary>"x86_32-abi": 64-bit integers on 4-byte boundaries, slots of 108 bytes.</summary>
    X86_32,

    /// <summary>"arm-abi": laid out as <see cref="X86_64"/>, on 32-bit and 64-bit Arm alike.</summary>
    Arm,
}
