using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.TestKit.Enemy;

/// <summary>
/// The pages of a hostile guest, all side by side: its ring, pages that it grants, and between them canaries that no
/// request ever names rightly: pages that are not granted, pages granted for reading only, and one granted for writing
/// that is never named. Whatever changes a canary reached further than it was let. On real Xen all pages of a guest's
/// driver are granted for writing: those that are named for reading only are no canaries there.
/// </summary>
internal sealed class EnemyMemory : IDisposable
{
    private const int Page = ProtocolConstants.PageSizeBytes;
    private const int DataPages = 64;
    private const int ReservedGrants = 8; // GNTTAB_NR_RESERVED_ENTRIES of xen/include/public/grant_table.h

    private readonly IHypervisor _hypervisor;
    private readonly GrantablePages _pages;
    private readonly List<int> _canaries = [];
    private readonly List<GrantReference> _offered = [];
    private readonly HashSet<uint> _all = [];
    private readonly List<uint> _writable = [];
    private readonly List<uint> _readable = [];
    private readonly List<int> _own = [];
    private readonly byte[] _expected = new byte[Page];
    private readonly byte[] _seen = new byte[Page];

    public EnemyMemory(IHypervisor hypervisor, DomainId backend, int ringPageCount)
    {
        _hypervisor = hypervisor;
        _pages = hypervisor.Grants.AllocatePages(backend, ringPageCount + DataPages + 2);
        _canaries.Add(0);
        Ring = _pages.Pages.Slice(Page, ringPageCount * Page);
        RingGrants = new GrantReference[ringPageCount];
        Offer(1, GrantAccess.ReadWrite, RingGrants);
        for (int page = 1 + ringPageCount; page < _pages.PageCount; page++)
        {
            switch (page % 4)
            {
                case 0:
                    _canaries.Add(page);
                    break;
                case 1:
                    if (hypervisor.Grants.Lifetime != GrantLifetime.UntilFreed) _canaries.Add(page);
                    _readable.Add(Offer(page, GrantAccess.ReadOnly));
                    break;
                default:
                    _own.Add(page);
                    _writable.Add(Offer(page, GrantAccess.ReadWrite));
                    break;
            }
        }

        // The last of those is granted, and never named by anyone.
        _canaries.Add(_own[^1]);
        _own.RemoveAt(_own.Count - 1);
        UnnamedGrant = _writable[^1];
        _writable.RemoveAt(_writable.Count - 1);
        foreach (int canary in _canaries) _pages.Pages.CopyIn(canary * Page, Expected(canary));
    }

    /// <summary>The ring's pages.</summary>
    public SharedPages Ring { get; }

    public GrantReference[] RingGrants { get; }

    /// <summary>A grant for writing that no request names.</summary>
    public uint UnnamedGrant { get; }

    /// <summary>How many pages it may use as it likes.</summary>
    public int OwnCount => _own.Count;

    /// <summary>
    /// True if a word that is no grant would be taken for one of ours where a grant is looked for: a request whose
    /// operation changes while it is read is laid out differently, and would reach a page by chance. On Xen a guest's
    /// first grants are its console and its XenStore: an enemy that loses those can say nothing any more.
    /// </summary>
    public bool IsGrantOfOurs(uint word) => word < ReservedGrants || _all.Contains(word);

    /// <summary>A page that it uses as it likes.</summary>
    public SharedPages Own(int index) => _pages.Pages.Slice(_own[index] * Page, Page);

    /// <summary>The grant of such a page.</summary>
    public uint Grant(int index) => _writable[index];

    /// <summary>A grant for reading only, whose page must never change.</summary>
    public uint ReadOnlyGrant(Random random) => _readable[random.Next(_readable.Count)];

    /// <summary>Takes back what it can of its data grants while they are in use.</summary>
    public void RevokeSome(Random random)
    {
        GrantReference[] some = [.. _offered.Skip(RingGrants.Length).Where(_ => random.Next(3) == 0)];
        var revoked = new bool[some.Length];
        _hypervisor.Grants.Revoke(some, revoked);
        for (int i = 0; i < some.Length; i++)
        {
            if (revoked[i]) _offered.Remove(some[i]);
        }
    }

    /// <summary>Takes everything back; the number of grants that the backend still has mapped.</summary>
    public int RevokeAll()
    {
        GrantReference[] all = [.. _offered];
        var revoked = new bool[all.Length];
        _hypervisor.Grants.Revoke(all, revoked);
        for (int i = 0; i < all.Length; i++)
        {
            if (revoked[i]) _offered.Remove(all[i]);
        }

        return _offered.Count;
    }

    /// <summary>The canary that somebody wrote to, or -1.</summary>
    public int ChangedCanary()
    {
        foreach (int canary in _canaries)
        {
            _pages.Pages.CopyOut(canary * Page, _seen);
            if (!_seen.AsSpan().SequenceEqual(Expected(canary))) return canary;
        }

        return -1;
    }

    public void Dispose() => _pages.Dispose();

    private byte[] Expected(int page)
    {
        for (int i = 0; i < Page; i++) _expected[i] = unchecked((byte)((page * 31) + i));
        return _expected;
    }

    private uint Offer(int page, GrantAccess access)
    {
        var reference = new GrantReference[1];
        Offer(page, access, reference);
        return reference[0].Value;
    }

    private void Offer(int page, GrantAccess access, GrantReference[] references)
    {
        GrantStatus status = _hypervisor.Grants.Offer(_pages, page, access, references);
        if (status != GrantStatus.Okay) throw new InvalidOperationException($"the enemy cannot grant: {status}");
        _offered.AddRange(references);
        foreach (GrantReference one in references) _all.Add(one.Value);
    }
}
