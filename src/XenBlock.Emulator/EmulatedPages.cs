using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Emulator;

/// <summary>A run of a domain's pages.</summary>
internal sealed class EmulatedPages(EmulatedGrantTable table, DomainId peer, int firstFrame, SharedPages pages)
    : GrantablePages
{
    /// <inheritdoc/>
    public override SharedPages Pages { get; } = pages;

    internal EmulatedGrantTable Table { get; } = table;

    /// <summary>Who they can be granted to.</summary>
    internal DomainId Peer { get; } = peer;

    /// <summary>The number of the first page in the domain's memory.</summary>
    internal int FirstFrame { get; } = firstFrame;

    /// <summary>True once they were given back; the table's lock protects it.</summary>
    internal bool IsReturned { get; set; }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Table.Return(this);
    }
}
