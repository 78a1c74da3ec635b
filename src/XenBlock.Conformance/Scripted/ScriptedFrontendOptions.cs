using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>How large a <see cref="ScriptedFrontend"/> is, and what it says.</summary>
public sealed record ScriptedFrontendOptions
{
    /// <summary>The layout it speaks.</summary>
    public BlkifAbi Abi { get; init; } = BlkifAbi.X86_64;

    /// <summary>Queues, each with a ring and a channel.</summary>
    public int QueueCount { get; init; } = 1;

    /// <summary>Pages of each ring.</summary>
    public int RingPageCount { get; init; } = 1;

    /// <summary>Index of its first request.</summary>
    public uint RingStart { get; init; }

    /// <summary>Pages for data and for segments.</summary>
    public int DataPageCount { get; init; } = 64;

    /// <summary>How the data pages are granted.</summary>
    public GrantAccess DataAccess { get; init; } = GrantAccess.ReadWrite;

    /// <summary>Whether it says that it leaves grants mapped.</summary>
    public bool Persistent { get; init; }

    /// <summary>The longest that it waits for a response.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);
}
