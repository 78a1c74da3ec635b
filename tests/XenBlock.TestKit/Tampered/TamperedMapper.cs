using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.TestKit.Tampered;

/// <summary>A mapper that does what the machine's does; a fault overrides one step of it.</summary>
/// <param name="inner">The machine's mapper.</param>
public class TamperedMapper(IGrantMapper inner) : IGrantMapper
{
    /// <summary>Called before mappings end.</summary>
    public Action<IReadOnlyList<GrantMapping>>? Unmapping { get; set; }

    public GrantMapperStatistics Statistics => inner.Statistics;

    public int PagesPerMapMax => inner.PagesPerMapMax;

    public virtual GrantStatus Map(
        DomainId owner,
        ReadOnlySpan<GrantReference> references,
        GrantAccess access,
        Span<GrantStatus> statuses,
        out GrantMapping mapping) => inner.Map(owner, references, access, statuses, out mapping);

    public virtual void Unmap(ReadOnlySpan<GrantMapping> mappings)
    {
        Unmapping?.Invoke(mappings.ToArray());
        inner.Unmap(mappings);
    }

    public void NotifyWhenUnmapped(in GrantMapping mapping, IEventChannel channel, int clearedOffset = -1) =>
        inner.NotifyWhenUnmapped(in mapping, channel, clearedOffset);

    public virtual bool Copy(DomainId owner, GrantCopyDirection direction, Span<GrantCopySegment> segments) =>
        inner.Copy(owner, direction, segments);
}
