using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Frontend;

/// <summary>
/// Memory that the backend can reach without a copy: rented from a device, used for its reads and writes, and given
/// back by disposing. Page-aligned.
/// </summary>
/// <remarks>
/// While a read into it is under way, or after one that failed because the backend went away, the backend may change it
/// at any moment. On a device with <see cref="BlockDeviceOptions.CallerPumps"/>, dispose it on the queue's own thread.
/// </remarks>
public sealed class GrantedBuffer : IDisposable
{
    private readonly BufferPool _pool;
    private readonly GrantReference[] _references;

    internal GrantedBuffer(BufferPool pool, GrantablePages pages)
    {
        _pool = pool;
        Memory = pages;
        _references = new GrantReference[pages.PageCount];
    }

    /// <summary>Bytes that were asked for.</summary>
    public int LengthBytes { get; internal set; }

    /// <summary>The bytes. Not after disposing.</summary>
    public Span<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsDisposed, this);
            return Memory.Pages.Payload(0, LengthBytes).AsSpan();
        }
    }

    /// <summary>The pages.</summary>
    internal GrantablePages Memory { get; }

    /// <summary>A reference per page, while <see cref="IsOffered"/>.</summary>
    internal ReadOnlySpan<GrantReference> References => _references;

    /// <summary>True while the references stand: for as long as it is rented, where grants stay.</summary>
    internal bool IsOffered { get; private set; }

    /// <summary>Requests under way that use it.</summary>
    internal int Requests { get; set; }

    /// <summary>True once it was given back.</summary>
    internal bool IsDisposed { get; set; }

    /// <summary>
    /// True while the backend may still write to it, for a request that a connection ended without an answer to: until
    /// then nobody else gets it.
    /// </summary>
    internal bool IsHeld { get; set; }

    /// <summary>True if a page of it could not be revoked (S14): it is not used again.</summary>
    internal bool IsQuarantined { get; set; }

    /// <summary>Gives it back; if requests still use it, as soon as they are done.</summary>
    public void Dispose() => _pool.Return(this);

    /// <summary>Offers all pages for as long as the buffer is rented.</summary>
    internal GrantStatus Offer(IGrantTable grants)
    {
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

    /// <summary>True if it was rented there.</summary>
    internal bool IsOf(BufferPool pool) => _pool == pool;

    /// <summary>Called by the pump when the last request of a disposed buffer is done.</summary>
    internal void Retire() => _pool.Retire(this);

    /// <summary>Called when a request that uses it will not be answered.</summary>
    internal void Hold() => _pool.Hold(this);

    /// <summary>Called when the backend has let go of such requests, or never will.</summary>
    internal void LetGo() => _pool.LetGo(this);
}
