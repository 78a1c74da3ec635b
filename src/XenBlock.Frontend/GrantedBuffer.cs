using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Frontend;

/// <summary>
/// Memory that the backend can reach without a copy: rented from a device, used for its reads and writes, and given
/// back by disposing. Page-aligned.
/// </summary>
/// <remarks>
/// While a read into it is under way, or after one that failed because the backend went away, the backend may change it
/// at any moment.
/// </remarks>
public sealed class GrantedBuffer : IDisposable
{
    private readonly BufferPool _pool;
    private readonly GrantablePages? _memory;
    private readonly SharedPages _pages;
    private readonly byte[]? _array;
    private readonly GrantReference[] _references;
    private int _uses; // by its user, by operations, by requests that will not be answered: the last one gives it back
    private int _isDisposed;

    internal GrantedBuffer(BufferPool pool, GrantablePages pages)
    {
        _pool = pool;
        _memory = pages;
        _pages = pages.Pages;
        PageCount = pages.PageCount;
        _references = new GrantReference[pages.PageCount];
    }

    /// <summary>Memory of our own, that no backend sees: for one that is not trusted.</summary>
    internal GrantedBuffer(BufferPool pool, int pageCount)
    {
        _pool = pool;
        PageCount = pageCount;
        _array = GC.AllocateArray<byte>(pageCount * ProtocolConstants.PageSizeBytes, pinned: true);
        _pages = new SharedPages(
            System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(_array, 0), _array.Length);
        _references = [];
    }

    /// <summary>Bytes that were asked for.</summary>
    public int LengthBytes { get; private set; }

    /// <summary>The bytes. Not after disposing.</summary>
    public Span<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsDisposed, this);
            return Bytes;
        }
    }

    /// <summary>The bytes, for requests that are under way after disposing, too.</summary>
    internal Span<byte> Bytes => _pages.Payload(0, LengthBytes).AsSpan();

    /// <summary>Its size in pages.</summary>
    internal int PageCount { get; }

    /// <summary>False for memory of our own, which is always copied.</summary>
    internal bool IsGrantable => _memory is not null;

    /// <summary>The pages, where they are to be granted.</summary>
    internal GrantablePages Memory => _memory
        ?? throw new InvalidOperationException("private memory was to be granted to a backend that is not trusted");

    /// <summary>A reference per page, while <see cref="IsOffered"/>.</summary>
    internal ReadOnlySpan<GrantReference> References => _references;

    /// <summary>True while the references stand: for as long as it is rented, where grants stay.</summary>
    internal bool IsOffered { get; private set; }

    /// <summary>True once it was given back.</summary>
    internal bool IsDisposed => Volatile.Read(ref _isDisposed) != 0;

    /// <summary>True if a page of it could not be revoked (S14): it is not used again.</summary>
    internal bool IsQuarantined { get; set; }

    /// <summary>Gives it back; if requests still use it, as soon as they are done.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0) EndUse();
    }

    /// <summary>Gives it to a user, for so many bytes.</summary>
    internal void Begin(int lengthBytes)
    {
        if (_array is not null) Array.Clear(_array); // what its last user of the device left
        LengthBytes = lengthBytes;
        Volatile.Write(ref _uses, 1);
        Volatile.Write(ref _isDisposed, 0);
    }

    /// <summary>
    /// An operation uses it, on any queue, or the backend may still write to it for a request that was not answered.
    /// </summary>
    internal void AddUse() => Interlocked.Increment(ref _uses);

    /// <summary>One use less; without any, the pool may give it to the next one.</summary>
    internal void EndUse()
    {
        if (Interlocked.Decrement(ref _uses) == 0) _pool.TakeBack(this);
    }

    /// <summary>Offers all pages for as long as the buffer is rented.</summary>
    internal GrantStatus Offer(IGrantTable grants)
    {
        if (!IsGrantable) return GrantStatus.Okay;
        GrantStatus status = grants.Offer(Memory, 0, GrantAccess.ReadWrite, _references);
        IsOffered = status == GrantStatus.Okay;
        return status;
    }

    /// <summary>Ends the offers; the number of pages that the peer holds on to.</summary>
    internal int Revoke(IGrantTable grants)
    {
        if (!IsOffered) return 0;
        IsOffered = false;
        int kept = _references.Length - grants.Revoke(_references, new bool[_references.Length]);
        if (kept != 0) IsQuarantined = true;
        return kept;
    }

    /// <summary>Gives the memory back to the machine.</summary>
    internal void Free() => _memory?.Dispose();

    /// <summary>True if it was rented there.</summary>
    internal bool IsOf(BufferPool pool) => _pool == pool;
}
