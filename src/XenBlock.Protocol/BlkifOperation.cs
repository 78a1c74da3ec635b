namespace XenBlock.Protocol;

/// <summary>What a block request asks for (<c>BLKIF_OP_*</c>, xen/include/public/io/blkif.h).</summary>
public enum BlkifOperation : byte
{
    /// <summary><c>BLKIF_OP_READ</c>: the backend writes into the granted pages.</summary>
    Read = 0,

    /// <summary><c>BLKIF_OP_WRITE</c>: the backend reads from the granted pages.</summary>
    Write = 1,

    /// <summary><c>BLKIF_OP_WRITE_BARRIER</c>: all earlier writes complete first, later ones wait.</summary>
    WriteBarrier = 2,

    /// <summary><c>BLKIF_OP_FLUSH_DISKCACHE</c>: what was acknowledged becomes durable.</summary>
    FlushDiskCache = 3,

    /// <summary><c>BLKIF_OP_RESERVED_1</c>: used by one vendor for packets; answered with "not supported".</summary>
    Reserved1 = 4,

    /// <summary><c>BLKIF_OP_DISCARD</c>: a range whose content no longer matters.</summary>
    Discard = 5,

    /// <summary><c>BLKIF_OP_INDIRECT</c>: a read or write whose segments lie in separate granted pages.</summary>
    Indirect = 6,
}
