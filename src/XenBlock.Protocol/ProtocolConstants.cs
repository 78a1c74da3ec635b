namespace XenBlock.Protocol;

/// <summary>The numbers of the protocol that are nobody's choice (xen/include/public/io/blkif.h and ring.h).</summary>
public static class ProtocolConstants
{
    /// <summary>A page of every paravirtual protocol, even where the kernel's own pages are larger.</summary>
    public const int PageSizeBytes = 4096;

    /// <summary>
    /// The unit of every sector number in a request, whatever the disk's own sector size (since Xen 4.19).
    /// </summary>
    public const int SectorSizeBytes = 512;

    /// <summary>Sectors in a page.</summary>
    public const int SectorsPerPage = PageSizeBytes / SectorSizeBytes;

    /// <summary><c>BLKIF_MAX_SEGMENTS_PER_REQUEST</c>: what fits in a slot.</summary>
    public const int DirectSegmentsMax = 11;

    /// <summary><c>BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST</c>.</summary>
    public const int IndirectPagesMax = 8;

    /// <summary>Segments that one indirect page holds.</summary>
    public const int SegmentsPerIndirectPage = PageSizeBytes / BlkifSegment.SizeBytes;

    /// <summary>The most segments that a request can carry: 16 MiB of data.</summary>
    public const int IndirectSegmentsMax = IndirectPagesMax * SegmentsPerIndirectPage;

    /// <summary>
    /// <c>BLKIF_DISCARD_SECURE</c>: the bit of <see cref="BlockRequest.DiscardFlags"/> that asks for a secure discard.
    /// </summary>
    public const byte DiscardSecure = 1;

    /// <summary>
    /// The largest log2 of a ring's pages that we take: 64 pages, 2,048 slots. The protocol sets no limit; Linux stops
    /// at 16 pages (XENBUS_MAX_RING_GRANT_ORDER), so more is of use between ends of ours only.
    /// </summary>
    public const int RingPageOrderMax = 6;

    /// <summary>
    /// The most queues of a disk that we offer or take. The protocol sets no limit; each costs a thread and a ring at
    /// both ends, and with 16 pages some 18 of the 1,000 nodes that a guest may own in XenStore.
    /// </summary>
    public const int QueuesMax = 16;
}
