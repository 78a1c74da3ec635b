namespace XenBlock.Emulator;

/// <summary>Hands out contiguous runs of a domain's pages, lowest first. Not safe for concurrent calls.</summary>
internal sealed class PageAllocator
{
    private readonly List<(int First, int Count)> _free;

    internal PageAllocator(int pageCount)
    {
        PageCount = pageCount;
        FreePages = pageCount;
        _free = [(0, pageCount)];
    }

    internal int PageCount { get; }

    internal int FreePages { get; private set; }

    /// <summary>Takes a run; -1 if no run is long enough.</summary>
    internal int Take(int pageCount)
    {
        for (int i = 0; i < _free.Count; i++)
        {
            (int first, int count) = _free[i];
            if (count < pageCount)
                continue;
            if (count == pageCount)
                _free.RemoveAt(i);
            else
                _free[i] = (first + pageCount, count - pageCount);
            FreePages -= pageCount;
            return first;
        }

        return -1;
    }

    /// <summary>Gives a run back.</summary>
    internal void Return(int first, int pageCount)
    {
        int at = _free.BinarySearch((first, 0));
        at = at < 0 ? ~at : throw new InvalidOperationException("Pages were given back twice.");
        if (at < _free.Count && first + pageCount > _free[at].First)
            throw new InvalidOperationException("Pages were given back twice.");
        FreePages += pageCount;
        if (at < _free.Count && _free[at].First == first + pageCount)
        {
            pageCount += _free[at].Count;
            _free.RemoveAt(at);
        }

        if (at > 0 && _free[at - 1].First + _free[at - 1].Count == first)
            _free[at - 1] = (_free[at - 1].First, _free[at - 1].Count + pageCount);
        else
            _free.Insert(at, (first, pageCount));
    }
}
