namespace XenBlock.Protocol;

/// <summary>What follows from a <see cref="RequestVerdict"/>.</summary>
public static class RequestVerdicts
{
    /// <summary>The number of verdicts, for an array of counters indexed by verdict.</summary>
    public const int Count = (int)RequestVerdict.ReadOnly + 1;

    /// <summary>
    /// The status to answer with. What was never offered is "not supported", so that a frontend may fall back; the rest
    /// is an error.
    /// </summary>
    public static BlkifStatus ToStatus(this RequestVerdict verdict) => verdict switch
    {
        RequestVerdict.Accepted => BlkifStatus.Okay,
        RequestVerdict.UnknownOperation
            or RequestVerdict.FlushNotOffered
            or RequestVerdict.BarrierNotOffered
            or RequestVerdict.DiscardNotOffered
            or RequestVerdict.SecureDiscardNotOffered
            or RequestVerdict.IndirectNotOffered => BlkifStatus.NotSupported,
        _ => BlkifStatus.Error,
    };

    /// <summary>The verdict in words, for counters and logs.</summary>
    public static string Describe(this RequestVerdict verdict) => verdict switch
    {
        RequestVerdict.Accepted => "accepted",
        RequestVerdict.UnknownOperation => "unknown operation",
        RequestVerdict.FlushNotOffered => "flush was not offered",
        RequestVerdict.BarrierNotOffered => "write barriers were not offered",
        RequestVerdict.DiscardNotOffered => "discard was not offered",
        RequestVerdict.SecureDiscardNotOffered => "secure discard was not offered",
        RequestVerdict.IndirectNotOffered => "indirect requests were not offered",
        RequestVerdict.IndirectOperationInvalid => "an indirect request that is neither read nor write",
        RequestVerdict.NoSegments => "a read or write without segments",
        RequestVerdict.TooManySegments => "more segments than allowed",
        RequestVerdict.SegmentOutsidePage => "a segment outside its page",
        RequestVerdict.Misaligned => "not aligned to the disk's sectors",
        RequestVerdict.BeyondEnd => "beyond the end of the disk",
        RequestVerdict.ReadOnly => "the disk is read-only",
        _ => throw new ArgumentOutOfRangeException(nameof(verdict)),
    };
}
