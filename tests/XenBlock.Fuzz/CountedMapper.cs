using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.TestKit.Tampered;

namespace XenBlock.Fuzz;

/// <summary>A mapper that knows what stands mapped.</summary>
/// <param name="inner">The machine's mapper.</param>
internal sealed class CountedMapper(IGrantMapper inner) : TamperedMapper(inner)
{
    private readonly HashSet<GrantMapping> _standing = [];

    /// <summary>Pages mapped now.</summary>
    public int PagesStanding => _standing.Sum(mapping => mapping.PageCount);

    /// <summary>A planted fault: mappings of so many pages are forgotten instead of ended; 0 for none.</summary>
    public int PageCountForgotten { get; init; }

    public override GrantStatus Map(
        DomainId owner,
        ReadOnlySpan<GrantReference> references,
        GrantAccess access,
        Span<GrantStatus> statuses,
        out GrantMapping mapping)
    {
        GrantStatus status = base.Map(owner, references, access, statuses, out mapping);
        if (status == GrantStatus.Okay) _standing.Add(mapping);
        return status;
    }

    public override void Unmap(ReadOnlySpan<GrantMapping> mappings)
    {
        var ended = new List<GrantMapping>();
        foreach (GrantMapping mapping in mappings)
        {
            if (mapping.PageCount == PageCountForgotten) continue;
            if (!_standing.Remove(mapping)) throw new FindingException("what is unmapped was mapped");
            ended.Add(mapping);
        }

        base.Unmap(ended.ToArray());
    }

    /// <summary>Ends what a finding left, so that the next input starts clean.</summary>
    public void EndAll()
    {
        base.Unmap(_standing.ToArray());
        _standing.Clear();
    }
}
