namespace XenBlock.Protocol;

/// <summary>What is wrong with a request, if anything. A value: a peer's mistake is never an exception.</summary>
public enum RequestVerdict : byte
{
    /// <summary>Carry it out. For an indirect request: read its segments and check those.</summary>
    Accepted,

    /// <summary>The operation is none that the protocol knows, or the reserved one.</summary>
    UnknownOperation,

    /// <summary>Flush was not offered.</summary>
    FlushNotOffered,

    /// <summary>Write barriers were not offered.</summary>
    BarrierNotOffered,

    /// <summary>Discard was not offered.</summary>
    DiscardNotOffered,

    /// <summary>Secure discard was not offered.</summary>
    SecureDiscardNotOffered,

    /// <summary>Indirect requests were not offered.</summary>
    IndirectNotOffered,

    /// <summary>An indirect request's inner operation is neither read nor write (S24).</summary>
    IndirectOperationInvalid,

    /// <summary>A read or write without segments (S23).</summary>
    NoSegments,

    /// <summary>More segments than a slot holds, or than were offered (S23).</summary>
    TooManySegments,

    /// <summary>A segment ends before it starts, or beyond its page.</summary>
    SegmentOutsidePage,

    /// <summary>The first sector, or the length, is not a multiple of the disk's sector size.</summary>
    Misaligned,

    /// <summary>It reaches beyond the end of the disk, or its sum overflows (S22, S27).</summary>
    BeyondEnd,

    /// <summary>It would change a read-only disk (S17).</summary>
    ReadOnly,
}
