using XenBlock.Hypervisor;
using XenBlock.Profiling;
using XenBlock.Protocol;

namespace XenBlock.Backend;

/// <summary>
/// A mapper whose calls are written into a trace while that is at <see cref="TraceLevel.Full"/>. For the thread of the
/// recorder's pump only.
/// </summary>
internal sealed class TracedGrantMapper(IGrantMapper inner, TraceRecorder trace, int queueIndex) : IGrantMapper
{
    /// <inheritdoc/>
    public GrantMapperStatistics Statistics => inner.Statistics;

    /// <inheritdoc/>
    public int PagesPerMapMax => inner.PagesPerMapMax;

    /// <inheritdoc/>
    public GrantStatus Map(
        DomainId owner,
        ReadOnlySpan<GrantReference> references,
        GrantAccess access,
        Span<GrantStatus> statuses,
        out GrantMapping mapping)
    {
        GrantStatus status = inner.Map(owner, references, access, statuses, out mapping);
        Stamp(TraceEventKind.PagesMapped, references.Length);
        return status;
    }

    /// <inheritdoc/>
    public void Unmap(ReadOnlySpan<GrantMapping> mappings)
    {
        int pages = 0;
        foreach (GrantMapping mapping in mappings) pages += mapping.PageCount;
        inner.Unmap(mappings);
        Stamp(TraceEventKind.PagesUnmapped, pages);
    }

    /// <inheritdoc/>
    public void NotifyWhenUnmapped(in GrantMapping mapping, IEventChannel channel, int clearedOffset = -1) =>
        inner.NotifyWhenUnmapped(in mapping, channel, clearedOffset);

    /// <inheritdoc/>
    public bool Copy(DomainId owner, GrantCopyDirection direction, Span<GrantCopySegment> segments)
    {
        bool isOkay = inner.Copy(owner, direction, segments);
        Stamp(
            direction == GrantCopyDirection.FromGranted
                ? TraceEventKind.PagesCopiedIn
                : TraceEventKind.PagesCopiedOut,
            segments.Length);
        return isOkay;
    }

    private void Stamp(TraceEventKind kind, int amount)
    {
        if (trace.Records(TraceLevel.Full)) trace.Write(trace.NowNs, kind, queueIndex, (uint)amount, 0, 0);
    }
}
