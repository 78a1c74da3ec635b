namespace XenBlock.Backend;

/// <summary>
/// How many pages all queues of all disks of a process keep mapped together, so that disks that came first do not take
/// what the machine has for all. It is asked only when pages are mapped or unmapped, never for one that is kept: a
/// queue that works within its pages shares nothing with others. Safe from every thread.
/// </summary>
/// <remarks>
/// A queue that finds nothing free makes room among its own, the least recently used first. If it has less than its
/// fair share it says how much it lacks; queues with more than theirs let go of so much at their next request, and take
/// nothing of what is free for it. Meanwhile it maps for each request alone, which is slower and never stands still.
/// </remarks>
internal sealed class PersistentBudget(int pagesMax)
{
    private int _pages;
    private int _members;
    private int _wanted;

    /// <summary>The most pages.</summary>
    public int PagesMax { get; } = pagesMax;

    /// <summary>Pages reserved now.</summary>
    public int Pages => Volatile.Read(ref _pages);

    /// <summary>Pages that are free now.</summary>
    public int Free => PagesMax - Pages;

    /// <summary>What each queue may keep when all want it.</summary>
    public int FairShare => PagesMax / Math.Max(1, Volatile.Read(ref _members));

    /// <summary>Pages that queues with less than their share lack, about.</summary>
    public int Wanted => Volatile.Read(ref _wanted);

    /// <summary>One queue more.</summary>
    public void Join() => Interlocked.Increment(ref _members);

    /// <summary>One queue less, which has given back what it had. Nobody waits for what it lacked.</summary>
    public void Leave()
    {
        Interlocked.Decrement(ref _members);
        Volatile.Write(ref _wanted, 0);
    }

    /// <summary>Takes pages, all or none.</summary>
    /// <param name="pages">How many.</param>
    /// <param name="kept">What the queue has already: above its share it takes nothing that another lacks.</param>
    public bool TryReserve(int pages, int kept)
    {
        bool isBelowShare = kept + pages <= FairShare;
        int now = Pages;
        while (now + pages <= PagesMax - (isBelowShare ? 0 : Wanted))
        {
            int seen = Interlocked.CompareExchange(ref _pages, now + pages, now);
            if (seen == now) return true;
            now = seen;
        }

        return false;
    }

    /// <summary>Gives pages back.</summary>
    public void GiveBack(int pages)
    {
        if (Interlocked.Add(ref _pages, -pages) < 0)
            throw new InvalidOperationException("more kept pages given back than were reserved");
    }

    /// <summary>Says that a queue below its share lacks pages. Asking again does not add up.</summary>
    public void Want(int pages)
    {
        int now = Wanted;
        while (now < pages)
        {
            int seen = Interlocked.CompareExchange(ref _wanted, pages, now);
            if (seen == now) return;
            now = seen;
        }
    }

    /// <summary>Says that a queue below its share got pages that another had let go.</summary>
    public void Satisfy(int pages)
    {
        int now = Wanted;
        while (now > 0)
        {
            int seen = Interlocked.CompareExchange(ref _wanted, Math.Max(0, now - pages), now);
            if (seen == now) return;
            now = seen;
        }
    }
}
