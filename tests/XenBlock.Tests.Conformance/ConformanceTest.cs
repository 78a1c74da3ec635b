using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using Xunit;

namespace XenBlock.Tests.Conformance;

/// <summary>What the tests of the contract share: a machine started for each of them.</summary>
public abstract class ConformanceTest<TProvider> : IAsyncLifetime
    where TProvider : IHypervisorProvider, new()
{
    protected const int PageSize = ProtocolConstants.PageSizeBytes;

    private readonly TProvider _provider = new();

    protected IHypervisor Granter => _provider.Granter;

    protected IHypervisor Mapper => _provider.Mapper;

    protected IHypervisor Stranger => _provider.Stranger;

    protected IHypervisorProvider Provider => _provider;

    protected virtual Limits Limits => new();

    public async ValueTask InitializeAsync() =>
        Assert.SkipUnless(await _provider.StartAsync(Limits), "This machine cannot be made that small.");

    public async ValueTask DisposeAsync()
    {
        await _provider.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Pages of the granter for the mapper, page n filled with the byte first + n.</summary>
    protected GrantablePages Filled(int pageCount, byte first = 1)
    {
        GrantablePages pages = Granter.Grants.AllocatePages(Mapper.DomainId, pageCount);
        byte[] content = new byte[PageSize];
        for (int i = 0; i < pageCount; i++)
        {
            Array.Fill(content, (byte)(first + i));
            pages.Pages.CopyIn(i * PageSize, content);
        }

        return pages;
    }

    protected GrantReference[] Offer(GrantablePages pages, GrantAccess access = GrantAccess.ReadWrite)
    {
        var references = new GrantReference[pages.PageCount];
        Assert.Equal(GrantStatus.Okay, Granter.Grants.Offer(pages, 0, access, references));
        return references;
    }

    protected GrantMapping Map(GrantReference[] references, GrantAccess access = GrantAccess.ReadWrite)
    {
        Assert.Equal(GrantStatus.Okay, TryMap(references, access, out GrantMapping mapping, out _));
        return mapping;
    }

    protected GrantStatus TryMap(
        GrantReference[] references, GrantAccess access, out GrantMapping mapping, out GrantStatus[] statuses)
    {
        statuses = new GrantStatus[references.Length];
        return Mapper.Mapper.Map(Granter.DomainId, references, access, statuses, out mapping);
    }

    protected int Revoke(params GrantReference[] references) =>
        Granter.Grants.Revoke(references, new bool[references.Length]);

    protected void AssertRevoked(params GrantReference[] references) =>
        Assert.Equal(references.Length, Revoke(references));

    /// <summary>A grant that is mapped cannot be taken back, where taking back is a thing of its own.</summary>
    protected void AssertInUse(params GrantReference[] references)
    {
        if (EndsByRevoking) Assert.Equal(0, Revoke(references));
    }

    /// <summary>True where an offer ends when it is revoked, false where it ends with its page.</summary>
    protected bool EndsByRevoking => Granter.Grants.Lifetime == GrantLifetime.UntilRevoked;

    /// <summary>Skips what is said only of a grant table that is ours to write.</summary>
    protected void RequireRevoking() =>
        Assert.SkipUnless(EndsByRevoking, "On this machine pages are granted, to read and write, as they live.");

    protected static byte[] Content(SharedPages pages, int page)
    {
        byte[] content = new byte[PageSize];
        pages.CopyOut(page * PageSize, content);
        return content;
    }

    protected static byte[] PageOf(byte value)
    {
        byte[] content = new byte[PageSize];
        Array.Fill(content, value);
        return content;
    }
}
