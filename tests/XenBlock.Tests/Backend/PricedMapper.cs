using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Tests.Backend;

/// <summary>
/// A mapper whose calls take as long as it is told, by a clock that only it moves: so that a choice by measured costs
/// has one right answer.
/// </summary>
internal sealed class PricedMapper(IGrantMapper inner, PricedMapper.HandClock clock) : IGrantMapper
{
    public long MapNs { get; set; } = 1000;

    public long MapNsPerPage { get; set; } = 100;

    public long UnmapNs { get; set; } = 2000;

    public long CopyNs { get; set; } = 1000;

    public long CopyNsPerPage { get; set; } = 300;

    public GrantMapperStatistics Statistics => inner.Statistics;

    public int PagesPerMapMax => inner.PagesPerMapMax;

    public GrantStatus Map(
        DomainId owner,
        ReadOnlySpan<GrantReference> references,
        GrantAccess access,
        Span<GrantStatus> statuses,
        out GrantMapping mapping)
    {
        clock.Ns += MapNs + (MapNsPerPage * references.Length);
        return inner.Map(owner, references, access, statuses, out mapping);
    }

    public void Unmap(ReadOnlySpan<GrantMapping> mappings)
    {
        clock.Ns += UnmapNs;
        inner.Unmap(mappings);
    }

    public void NotifyWhenUnmapped(in GrantMapping mapping, IEventChannel channel, int clearedOffset = -1) =>
        inner.NotifyWhenUnmapped(in mapping, channel, clearedOffset);

    public bool Copy(DomainId owner, GrantCopyDirection direction, Span<GrantCopySegment> segments)
    {
        clock.Ns += CopyNs + (CopyNsPerPage * segments.Length);
        return inner.Copy(owner, direction, segments);
    }

    internal sealed class HandClock : TimeProvider
    {
        public long Ns { get; set; }

        public override long TimestampFrequency => 1_000_000_000;

        public override long GetTimestamp() => Ns;
    }
}
