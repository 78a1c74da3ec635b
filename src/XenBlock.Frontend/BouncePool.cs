using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Frontend;

/// <summary>
/// The pages of a connection: for each request on the ring its indirect pages, and regions through which plain memory
/// is copied. A region is small (what fits in a slot) or large (what an indirect request carries), and contiguous, so
/// no page is ever searched for.
/// </summary>
internal sealed class BouncePool : IDisposable
{
    private const int SmallPages = ProtocolConstants.DirectSegmentsMax;

    private readonly IGrantTable _grants;
    private readonly GrantablePages _pages;
    private readonly GrantReference[] _references; // by page; for indirect pages always, for the others where they stay
    private readonly int _slotCount;
    private readonly int _largePages;
    private readonly int _indirectPagesPerRequest;
    private readonly int[] _small;
    private readonly int[] _large;
    private int _smallFree;
    private int _largeFree;
    private bool _isOffered;

    private BouncePool(
        IGrantTable grants, GrantablePages pages, int slotCount, int segmentsMax, RegionCounts regions, bool grantsStay)
    {
        _grants = grants;
        _pages = pages;
        _slotCount = slotCount;
        _largePages = segmentsMax;
        _indirectPagesPerRequest = IndirectPages(segmentsMax);
        GrantsStay = grantsStay;
        Pages = pages.Pages;
        _references = new GrantReference[pages.PageCount];
        _small = new int[regions.Small];
        _large = new int[regions.Large];
        for (int i = 0; i < _small.Length; i++) _small[i] = _small.Length - 1 - i;
        for (int i = 0; i < _large.Length; i++) _large[i] = _small.Length + _large.Length - 1 - i;
        _smallFree = _small.Length;
        _largeFree = _large.Length;
    }

    /// <summary>The memory of all of it.</summary>
    public SharedPages Pages { get; }

    /// <summary>The same, to be offered per request.</summary>
    public GrantablePages Grantable => _pages;

    /// <summary>True if every page is offered for as long as the connection stands.</summary>
    public bool GrantsStay { get; }

    /// <summary>A reference per page, where grants stay.</summary>
    public ReadOnlySpan<GrantReference> References => _references;

    /// <summary>The most pages of a request through a region.</summary>
    public int RegionPagesMax => _large.Length > 0 ? _largePages : SmallPages;

    /// <summary>Regions that were taken out of use.</summary>
    public int RegionsQuarantined { get; private set; }

    /// <summary>Takes memory from the machine and touches it; less than asked for, if there is no more.</summary>
    /// <param name="grants">The domain's grant table.</param>
    /// <param name="peer">The backend's domain.</param>
    /// <param name="slotCount">Slots in the ring.</param>
    /// <param name="segmentsMax">The most segments of a request, 11 to 4,096.</param>
    /// <param name="regionPagesMax">The most pages for all regions; 0 where no plain memory is copied.</param>
    /// <param name="grantsStay">Whether every page is offered now, for good.</param>
    public static BouncePool Allocate(
        IGrantTable grants, DomainId peer, int slotCount, int segmentsMax, int regionPagesMax, bool grantsStay)
    {
        RegionCounts regions = RegionCounts.Choose(slotCount, segmentsMax, regionPagesMax);
        while (true)
        {
            int pageCount = (slotCount * IndirectPages(segmentsMax)) + regions.PageCount(segmentsMax);
            BouncePool? pool = null;
            try
            {
                GrantablePages pages = grants.AllocatePages(peer, Math.Max(1, pageCount));
                pool = new BouncePool(grants, pages, slotCount, segmentsMax, regions, grantsStay);
                pool.Pages.Clear(0, pool.Pages.LengthBytes); // touched now: the first touch of a page is dear
                pool.Offer();
                return pool;
            }
            catch (XenBlockException e) when (e.Kind == XenBlockErrorKind.NoSpace && regions.Large > 0)
            {
                // A smaller pool is slower; no pool is no disk.
                pool?.Dispose();
                regions = regions with { Large = regions.Large / 2 };
            }
            catch
            {
                pool?.Dispose();
                throw;
            }
        }
    }

    /// <summary>Takes a region; -1 if none is free now.</summary>
    public int TryTake(int pageCount)
    {
        if (pageCount <= SmallPages && _smallFree > 0) return _small[--_smallFree];
        return _largeFree > 0 ? _large[--_largeFree] : -1;
    }

    /// <summary>Gives a region back.</summary>
    public void Give(int region)
    {
        if (region < _small.Length) _small[_smallFree++] = region;
        else _large[_largeFree++] = region;
    }

    /// <summary>Clears a region.</summary>
    public void Clear(int region)
    {
        int pageCount = region < _small.Length ? SmallPages : _largePages;
        Pages.Clear(
            FirstPage(region) * ProtocolConstants.PageSizeBytes, pageCount * ProtocolConstants.PageSizeBytes);
    }

    /// <summary>Takes a region out of use: the peer still has a page of it (S14).</summary>
    public void Quarantine() => RegionsQuarantined++;

    /// <summary>The first page of a region.</summary>
    public int FirstPage(int region)
    {
        int start = _slotCount * _indirectPagesPerRequest;
        int large = region - _small.Length;
        return large < 0
            ? start + (region * SmallPages)
            : start + (_small.Length * SmallPages) + (large * _largePages);
    }

    /// <summary>Where the indirect pages of a request start, in bytes.</summary>
    public int IndirectOffset(int index) => index * _indirectPagesPerRequest * ProtocolConstants.PageSizeBytes;

    /// <summary>The references of the indirect pages of a request.</summary>
    public ReadOnlySpan<GrantReference> IndirectReferences(int index) =>
        _references.AsSpan(index * _indirectPagesPerRequest, _indirectPagesPerRequest);

    /// <summary>Ends the offers; the number of pages that the peer holds on to.</summary>
    public int Revoke()
    {
        if (!_isOffered) return 0;
        _isOffered = false;
        int offered = GrantsStay ? _references.Length : _slotCount * _indirectPagesPerRequest;
        return offered - _grants.Revoke(_references.AsSpan(0, offered), new bool[offered]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Revoke();
        _pages.Dispose();
    }

    private static int IndirectPages(int segmentsMax) => segmentsMax <= SmallPages
        ? 0
        : Segmenter.IndirectPageCount(segmentsMax);

    private void Offer()
    {
        int indirect = _slotCount * _indirectPagesPerRequest;
        Span<GrantReference> references = _references;
        if (indirect > 0) OfferOrThrow(0, GrantAccess.ReadOnly, references[..indirect]);
        if (GrantsStay && indirect < references.Length)
        {
            try
            {
                OfferOrThrow(indirect, GrantAccess.ReadWrite, references[indirect..]);
            }
            catch
            {
                _grants.Revoke(references[..indirect], new bool[indirect]);
                throw;
            }
        }

        _isOffered = true;
    }

    private void OfferOrThrow(int firstPage, GrantAccess access, Span<GrantReference> references)
    {
        if (_grants.Offer(_pages, firstPage, access, references) == GrantStatus.Okay) return;
        throw new XenBlockException(
            XenBlockErrorKind.NoSpace,
            $"the grant table has no room for {references.Length} pages: close a disk, or ask for fewer segments");
    }

    private readonly record struct RegionCounts(int Small, int Large)
    {
        /// <summary>A small region for every slot, and large ones for what is left of the pages.</summary>
        public static RegionCounts Choose(int slotCount, int segmentsMax, int pagesMax)
        {
            if (pagesMax == 0) return default;
            int small = Math.Clamp(pagesMax / SmallPages, 1, slotCount);
            int large = Math.Clamp((pagesMax - (small * SmallPages)) / segmentsMax, 0, slotCount);
            return new RegionCounts(small, segmentsMax > SmallPages ? large : 0);
        }

        public int PageCount(int segmentsMax) => checked((Small * SmallPages) + (Large * segmentsMax));
    }
}
