using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Backend;

/// <summary>
/// Which pages stay mapped, and where: a table of grant references over groups, each group one mapping. Groups are
/// in order of last use. Nothing here allocates after construction, and nothing maps or unmaps.
/// </summary>
internal sealed class PersistentGrants
{
    private const int None = -1;

    private readonly int[] _buckets;
    private readonly Entry[] _entries;
    private readonly Group[] _groups;
    private readonly int _bucketShift;
    private int _freeEntry;
    private int _freeGroup;
    private int _mostRecent = None;
    private int _leastRecent = None;

    /// <summary>A table for at most <paramref name="pageCountMax"/> pages.</summary>
    public PersistentGrants(int pageCountMax)
    {
        PageCountMax = pageCountMax;
        int bits = System.Numerics.BitOperations.Log2((uint)Math.Max(2, pageCountMax)) + 1;
        _bucketShift = 32 - bits;
        _buckets = new int[1 << bits];
        Array.Fill(_buckets, None);
        _entries = new Entry[pageCountMax];
        _groups = new Group[pageCountMax];
        for (int i = 0; i < pageCountMax; i++)
        {
            _entries[i] = new Entry { Group = None, NextInBucket = i + 1 };
            _groups[i].Older = i + 1;
        }

        if (pageCountMax > 0) _entries[^1].NextInBucket = _groups[^1].Older = None;
        _freeEntry = _freeGroup = pageCountMax > 0 ? 0 : None;
    }

    /// <summary>The most pages it holds.</summary>
    public int PageCountMax { get; }

    /// <summary>Pages mapped by its groups.</summary>
    public int PageCount { get; private set; }

    /// <summary>The address of a page, or 0; marks it as used by the request of this serial number.</summary>
    /// <param name="reference">The page's grant.</param>
    /// <param name="mustBeWritable">True if a mapping for reading only is of no use.</param>
    /// <param name="serial">The request that uses it.</param>
    /// <param name="next">
    /// Where to look first; -1 at a request's first page. Left at the page that was mapped behind this one, since pages
    /// that came in one request mostly come again in the same order: that saves the search for all but the first.
    /// </param>
    public nint Find(GrantReference reference, bool mustBeWritable, long serial, ref int next)
    {
        int index = next;
        if (index == None || _entries[index].Reference != reference || _entries[index].Group == None)
        {
            index = IndexOf(reference);
            if (index == None) return 0;
        }

        ref Entry entry = ref _entries[index];
        ref Group group = ref _groups[entry.Group];
        if (mustBeWritable && !group.IsWritable) return 0;
        if (group.LastUse != serial)
        {
            group.LastUse = serial;
            if (_mostRecent != entry.Group)
            {
                Unlink(entry.Group);
                LinkMostRecent(entry.Group);
            }
        }

        next = entry.NextInGroup;
        return entry.Address;
    }

    /// <summary>
    /// Keeps a mapping. False if one of its references is kept already in another way, or there is no room.
    /// </summary>
    public bool TryAdd(
        GrantMapping mapping, ReadOnlySpan<GrantReference> references, bool isWritable, long serial)
    {
        if (PageCount + references.Length > PageCountMax) return false;
        foreach (GrantReference reference in references)
        {
            if (IsKept(reference)) return false;
        }

        int group = _freeGroup;
        _freeGroup = _groups[group].Older;
        _groups[group] = new Group
        {
            Mapping = mapping,
            IsWritable = isWritable,
            LastUse = serial,
            FirstEntry = None,
            Older = None,
            Newer = None,
        };
        LinkMostRecent(group);
        int last = None;
        for (int i = 0; i < references.Length; i++)
        {
            if (IsKept(references[i])) continue; // the same reference twice in one request (S25): once is enough
            int entry = AddEntry(group, references[i], mapping.Address + ((nint)i * ProtocolConstants.PageSizeBytes));
            if (last == None) _groups[group].FirstEntry = entry;
            else _entries[last].NextInGroup = entry;
            last = entry;
        }

        PageCount += references.Length;
        return true;
    }

    /// <summary>Drops the least recently used groups until that many pages are gone, or none may go.</summary>
    /// <param name="pages">How many pages are to go, at least.</param>
    /// <param name="oldestUnderWay">Groups last used by this request or a later one stay.</param>
    /// <param name="mappings">Filled with what must be unmapped now.</param>
    /// <returns>How many mappings.</returns>
    public int Evict(int pages, long oldestUnderWay, Span<GrantMapping> mappings)
    {
        int count = 0;
        while (pages > 0 && _leastRecent != None && _groups[_leastRecent].LastUse < oldestUnderWay)
        {
            GrantMapping dropped = Drop(_leastRecent);
            pages -= dropped.PageCount;
            mappings[count++] = dropped;
        }

        return count;
    }

    /// <summary>Drops every group; tells how many mappings must be unmapped now.</summary>
    public int TakeAll(Span<GrantMapping> mappings)
    {
        int count = 0;
        while (_leastRecent != None) mappings[count++] = Drop(_leastRecent);
        return count;
    }

    private uint Bucket(GrantReference reference) => unchecked(reference.Value * 0x9E3779B1) >> _bucketShift;

    private bool IsKept(GrantReference reference) => IndexOf(reference) != None;

    private int IndexOf(GrantReference reference)
    {
        int index = _buckets[Bucket(reference)];
        while (index != None && _entries[index].Reference != reference) index = _entries[index].NextInBucket;
        return index;
    }

    private int AddEntry(int group, GrantReference reference, nint address)
    {
        int index = _freeEntry;
        _freeEntry = _entries[index].NextInBucket;
        ref int bucket = ref _buckets[Bucket(reference)];
        _entries[index] = new Entry
        {
            Reference = reference,
            Address = address,
            Group = group,
            NextInBucket = bucket,
            NextInGroup = None,
        };
        bucket = index;
        return index;
    }

    private GrantMapping Drop(int group)
    {
        GrantMapping mapping = _groups[group].Mapping;
        for (int i = _groups[group].FirstEntry; i != None;)
        {
            int next = _entries[i].NextInGroup;
            RemoveFromBucket(i);
            _entries[i].Group = None;
            _entries[i].NextInBucket = _freeEntry;
            _freeEntry = i;
            i = next;
        }

        Unlink(group);
        PageCount -= mapping.PageCount;
        _groups[group] = new Group { Older = _freeGroup };
        _freeGroup = group;
        return mapping;
    }

    private void RemoveFromBucket(int index)
    {
        ref int link = ref _buckets[Bucket(_entries[index].Reference)];
        while (link != index) link = ref _entries[link].NextInBucket;
        link = _entries[index].NextInBucket;
    }

    private void Unlink(int group)
    {
        (int older, int newer) = (_groups[group].Older, _groups[group].Newer);
        if (older == None) _leastRecent = newer;
        else _groups[older].Newer = newer;
        if (newer == None) _mostRecent = older;
        else _groups[newer].Older = older;
    }

    private void LinkMostRecent(int group)
    {
        _groups[group].Older = _mostRecent;
        _groups[group].Newer = None;
        if (_mostRecent == None) _leastRecent = group;
        else _groups[_mostRecent].Newer = group;
        _mostRecent = group;
    }

    private struct Entry
    {
        public GrantReference Reference;
        public nint Address;
        public int Group; // None if the entry is free
        public int NextInBucket; // or the next free entry
        public int NextInGroup; // the page that was mapped behind this one
    }

    private struct Group
    {
        public GrantMapping Mapping;
        public bool IsWritable;
        public long LastUse;
        public int FirstEntry;
        public int Older; // or the next free group
        public int Newer;
    }
}
