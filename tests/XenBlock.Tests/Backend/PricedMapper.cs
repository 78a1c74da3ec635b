using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.TestKit.Tampered;

namespace XenBlock.Tests.Backend;

/// <summary>
/// A mapper whose calls take as long as it is told, by a clock that only it moves: so that a choice by measured costs
/// has one right answer.
/// </summary>
internal sealed class PricedMapper(IGrantMapper inner, PricedMapper.HandClock clock) : TamperedMapper(inner)
{
    public long MapNs { get; set; } = 1000;

    public long MapNsPerPage { get; set; } = 100;

    public long UnmapNs { get; set; } = 2000;

    public long CopyNs { get; set; } = 1000;

    public long CopyNsPerPage { get; set; } = 300;

    public override GrantStatus Map(
        DomainId owner,
        ReadOnlySpan<GrantReference> references,
        GrantAccess access,
        Span<GrantStatus> statuses,
        out GrantMapping mapping)
    {
        clock.Ns += MapNs + (MapNsPerPage * references.Length);
        return base.Map(owner, references, access, statuses, out mapping);
    }

    public override void Unmap(ReadOnlySpan<GrantMapping> mappings)
    {
        clock.Ns += UnmapNs;
        base.Unmap(mappings);
    }

    public override bool Copy(DomainId owner, GrantCopyDirection direction, Span<GrantCopySegment> segments)
    {
        clock.Ns += CopyNs + (CopyNsPerPage * segments.Length);
        return base.Copy(owner, direction, segments);
    }

    internal sealed class HandClock : TimeProvider
    {
        public long Ns { get; set; }

        public override long TimestampFrequency => 1_000_000_000;

        public override long GetTimestamp() => Ns;
    }
}
