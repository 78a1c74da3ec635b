using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Hypervisor;

/// <summary>One element of a grant copy.</summary>
public struct GrantCopySegment
{
    /// <summary>The granted page.</summary>
    public GrantReference Reference;

    /// <summary>Where in the granted page, in bytes.</summary>
    public ushort OffsetBytes;

    /// <summary>Our own memory; its length is the length of the copy, and stays within the granted page.</summary>
    public PayloadSegment Local;

    /// <summary>The verdict, filled in by the copy.</summary>
    public GrantStatus Status;
}
