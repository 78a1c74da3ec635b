using XenBlock.Protocol;

namespace XenBlock.Tracing;

/// <summary>Who may trace a process from outside, and with how much memory.</summary>
public sealed record SharedTraceOptions
{
    /// <summary>
    /// The domain that may read the trace, and switch it on: whoever may, learns when and where on the disk each
    /// request was, though none of its data.
    /// </summary>
    public DomainId Tracer { get; init; } = DomainId.Zero;

    /// <summary>
    /// Pages of 125 records for each queue of each disk, 2 to 256; where the machine has not so many, fewer are taken.
    /// 128 (512 KiB) are some 3,000 requests of one end, at five records each.
    /// </summary>
    public int PagesPerRecorder { get; init; } = 128;

    /// <summary>How long a tracer that does not renew its wish is taken to be there; 1 s to 60 s.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(5);
}
