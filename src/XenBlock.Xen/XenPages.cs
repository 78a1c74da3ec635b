using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Xen;

/// <summary>A run of pages from gntalloc, granted from the start.</summary>
internal sealed class XenPages(XenGrantTable table, ulong index, GrantReference[] references, SharedPages pages)
    : GrantablePages
{
    private int _returned;

    /// <inheritdoc/>
    public override SharedPages Pages { get; } = pages;

    /// <summary>The first page's place in the device.</summary>
    internal ulong Index { get; } = index;

    /// <summary>A reference for each page.</summary>
    internal GrantReference[] References { get; } = references;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _returned, 1) == 0)
            table.Return(this);
    }
}
