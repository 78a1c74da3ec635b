using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Tests.Backend;

/// <summary>A mapper that counts what is mapped through it, tells a test of each step, and fails on request.</summary>
internal sealed class WatchfulMapper(IGrantMapper inner) : IGrantMapper
{
    private readonly Dictionary<ulong, int> _mapped = [];

    /// <summary>Pages mapped and not unmapped.</summary>
    public int PagesOutstanding { get; private set; }

    /// <summary>Asked before each map or copy with the number of elements: the index of one to fail, or -1.</summary>
    public Func<int, int>? Fault { get; set; }

    /// <summary>False to fail maps only.</summary>
    public bool IsCopyFaulty { get; set; } = true;

    /// <summary>What a failed element is told.</summary>
    public GrantStatus FaultStatus { get; set; } = GrantStatus.NoDeviceSpace;

    /// <summary>Called before each unmap.</summary>
    public Action? Unmapping { get; set; }

    /// <summary>True to keep no books, for tests that count allocations.</summary>
    public bool IsQuiet { get; set; }

    public GrantMapperStatistics Statistics => inner.Statistics;

    public int PagesPerMapMax => inner.PagesPerMapMax;

    public GrantStatus Map(
        DomainId owner,
        ReadOnlySpan<GrantReference> references,
        GrantAccess access,
        Span<GrantStatus> statuses,
        out GrantMapping mapping)
    {
        int bad = Fault?.Invoke(references.Length) ?? -1;
        if (bad >= 0)
        {
            statuses.Clear();
            statuses[bad] = FaultStatus;
            mapping = default;
            return FaultStatus;
        }

        GrantStatus status = inner.Map(owner, references, access, statuses, out mapping);
        if (status == GrantStatus.Okay && !IsQuiet)
        {
            _mapped.Add(mapping.Handle, mapping.PageCount);
            PagesOutstanding += mapping.PageCount;
        }

        return status;
    }

    public void Unmap(ReadOnlySpan<GrantMapping> mappings)
    {
        Unmapping?.Invoke();
        if (!IsQuiet)
        {
            foreach (GrantMapping mapping in mappings)
            {
                if (!_mapped.Remove(mapping.Handle, out int pages))
                    throw new InvalidOperationException("unmapped what was not mapped");
                PagesOutstanding -= pages;
            }
        }

        inner.Unmap(mappings);
    }

    public void NotifyWhenUnmapped(in GrantMapping mapping, IEventChannel channel, int clearedOffset = -1) =>
        inner.NotifyWhenUnmapped(in mapping, channel, clearedOffset);

    public bool Copy(DomainId owner, GrantCopyDirection direction, Span<GrantCopySegment> segments)
    {
        int bad = IsCopyFaulty ? Fault?.Invoke(segments.Length) ?? -1 : -1;
        if (bad < 0) return inner.Copy(owner, direction, segments);
        foreach (ref GrantCopySegment segment in segments) segment.Status = GrantStatus.Okay;
        segments[bad].Status = FaultStatus;
        return false;
    }
}
