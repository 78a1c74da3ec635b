using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Hypervisor;

/// <summary>
/// Pages of our own that can be granted. Disposing gives them back; pages that a peer still maps are set aside.
/// </summary>
public abstract class GrantablePages : IDisposable
{
    /// <summary>The memory, contiguous.</summary>
    public abstract SharedPages Pages { get; }

    /// <summary>How many pages of 4,096 bytes.</summary>
    public int PageCount => Pages.LengthBytes / ProtocolConstants.PageSizeBytes;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the memory back.</summary>
    protected abstract void Dispose(bool disposing);
}
