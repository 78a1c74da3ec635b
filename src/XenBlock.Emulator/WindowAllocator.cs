using System.Numerics;

namespace XenBlock.Emulator;

/// <summary>
/// Hands out runs of pages of a domain's window: a buddy allocator, so that both ways take a few steps and none
/// allocates. With a fence, runs that were given back rest until nothing else is left, the oldest first.
/// </summary>
/// <remarks>Not safe for concurrent calls: the mapper's lock protects it.</remarks>
internal sealed class WindowAllocator
{
    private const int OrderMax = 12;

    private readonly int _windowPages;
    private readonly int _pagesMax;
    private readonly int _orderMax;

    // Links are one more than the page, so that a new array, which is all zeros and takes no memory yet, is empty.
    private readonly int[] _heads = new int[OrderMax + 1];
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly byte[] _freeOrder;
    private readonly ushort[] _runPages;
    private readonly int[] _resting;
    private int _restingFirst;
    private int _restingCount;

    internal WindowAllocator(int windowPages, int pagesMax, bool fence)
    {
        _windowPages = windowPages;
        _pagesMax = pagesMax;
        _orderMax = Math.Min(OrderMax, BitOperations.Log2((uint)windowPages));
        _next = new int[windowPages];
        _previous = new int[windowPages];
        _freeOrder = new byte[windowPages];
        _runPages = new ushort[windowPages];
        _resting = fence ? new int[windowPages] : [];
        for (int page = windowPages - (1 << _orderMax); page >= 0; page -= 1 << _orderMax)
            Push(page, _orderMax);
    }

    /// <summary>The longest run.</summary>
    internal int RunPagesMax => Math.Min(1 << _orderMax, _pagesMax);

    /// <summary>Pages in use now.</summary>
    internal int PagesInUse { get; private set; }

    /// <summary>Takes a run; -1 if there is none.</summary>
    internal int Take(int pageCount)
    {
        if (pageCount > _pagesMax - PagesInUse)
            return -1;
        int order = OrderFor(pageCount);
        int page = TakeBlock(order);
        while (page < 0 && _restingCount != 0)
        {
            WakeOldest();
            page = TakeBlock(order);
        }

        if (page < 0)
            return -1;
        _runPages[page] = (ushort)pageCount;
        PagesInUse += pageCount;
        return page;
    }

    /// <summary>Whether a run of that many pages was taken there.</summary>
    internal bool IsTaken(int page, int pageCount) =>
        page >= 0 && page < _windowPages && pageCount > 0 && _runPages[page] == pageCount;

    /// <summary>
    /// Says that a run is being ended: from here on nobody else may end it, though its pages are not free yet.
    /// </summary>
    internal void Retire(int page) => _runPages[page] = 0;

    /// <summary>Gives a retired run back.</summary>
    internal void Return(int page, int pageCount)
    {
        PagesInUse -= pageCount;
        if (_resting.Length == 0)
        {
            Merge(page, OrderFor(pageCount));
            return;
        }

        // The order travels in the low bits; pages of one order are aligned to it, but order 0 needs room.
        _resting[(_restingFirst + _restingCount) % _resting.Length] = (page << 4) | OrderFor(pageCount);
        _restingCount++;
    }

    private static int OrderFor(int pageCount) => pageCount == 1 ? 0 : BitOperations.Log2((uint)pageCount - 1) + 1;

    private void WakeOldest()
    {
        int run = _resting[_restingFirst];
        _restingFirst = (_restingFirst + 1) % _resting.Length;
        _restingCount--;
        Merge(run >> 4, run & 15);
    }

    private int TakeBlock(int order)
    {
        int found = order;
        while (found <= _orderMax && _heads[found] == 0)
            found++;
        if (found > _orderMax)
            return -1;
        int page = _heads[found] - 1;
        Remove(page, found);
        while (found > order)
        {
            found--;
            Push(page + (1 << found), found);
        }

        return page;
    }

    private void Merge(int page, int order)
    {
        while (order < _orderMax)
        {
            int buddy = page ^ (1 << order);
            if (_freeOrder[buddy] != order + 1)
                break;
            Remove(buddy, order);
            page &= ~(1 << order);
            order++;
        }

        Push(page, order);
    }

    private void Push(int page, int order)
    {
        int next = _heads[order];
        _next[page] = next;
        _previous[page] = 0;
        if (next != 0)
            _previous[next - 1] = page + 1;
        _heads[order] = page + 1;
        _freeOrder[page] = (byte)(order + 1);
    }

    private void Remove(int page, int order)
    {
        int next = _next[page];
        int previous = _previous[page];
        if (next != 0)
            _previous[next - 1] = previous;
        if (previous != 0)
            _next[previous - 1] = next;
        else
            _heads[order] = next;
        _freeOrder[page] = 0;
    }
}
