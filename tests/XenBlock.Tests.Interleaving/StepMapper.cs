using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Tests.Interleaving;

/// <summary>A mapper whose calls are steps, and which can end all it has mapped, as for the dead.</summary>
/// <param name="inner">The machine's mapper.</param>
internal sealed class StepMapper(IGrantMapper inner) : IGrantMapper
{
    /// <summary>The place of all grants.</summary>
    public const long Place = 1 << 21;

    private readonly List<GrantMapping> _standing = [];

    public GrantMapperStatistics Statistics => inner.Statistics;

    public int PagesPerMapMax => inner.PagesPerMapMax;

    /// <summary>A control: from now on nothing is unmapped.</summary>
    public bool ForgetsToUnmap { get; set; }

    public GrantStatus Map(
        DomainId owner,
        ReadOnlySpan<GrantReference> references,
        GrantAccess access,
        Span<GrantStatus> statuses,
        out GrantMapping mapping)
    {
        Actor.Current?.Enter(StepKind.Write, Place);
        GrantStatus status = inner.Map(owner, references, access, statuses, out mapping);
        if (status == GrantStatus.Okay) _standing.Add(mapping);
        return status;
    }

    public void Unmap(ReadOnlySpan<GrantMapping> mappings)
    {
        Actor.Current?.Enter(StepKind.Write, Place);
        if (ForgetsToUnmap) return;
        foreach (GrantMapping mapping in mappings) _standing.Remove(mapping);
        inner.Unmap(mappings);
    }

    /// <summary>Ends every mapping that stands.</summary>
    public void EndAll()
    {
        inner.Unmap(_standing.ToArray());
        _standing.Clear();
    }

    public void NotifyWhenUnmapped(in GrantMapping mapping, IEventChannel channel, int clearedOffset = -1)
    {
    }

    public bool Copy(DomainId owner, GrantCopyDirection direction, Span<GrantCopySegment> segments)
    {
        Actor.Current?.Enter(StepKind.Write, Place);
        return inner.Copy(owner, direction, segments);
    }
}
