namespace XenBlock.Protocol;

/// <summary>A response's verdict (<c>BLKIF_RSP_*</c>, xen/include/public/io/blkif.h).</summary>
public enum BlkifStatus : short
{
    /// <summary><c>BLKIF_RSP_OKAY</c>.</summary>
    Okay = 0,

    /// <summary><c>BLKIF_RSP_ERROR</c>: nothing is promised about the data.</summary>
    Error = -1,

    /// <summary><c>BLKIF_RSP_EOPNOTSUPP</c>: the operation is not supported, even if it was advertised.</summary>
    NotSupported = -2,
}
