using XenBlock.Native;

namespace XenBlock.Emulator;

/// <summary>
/// A lock in the machine's memory, held for a few microseconds by a domain that may be killed meanwhile. The word is 0,
/// or the owner's mark, and the top bit if somebody sleeps. The host breaks a dead owner's lock.
/// </summary>
internal static class SharedLock
{
    /// <summary>The mark of the host when it cleans up.</summary>
    internal const uint Host = 0x7FFF_FFFF;

    private const uint Contended = 0x8000_0000;
    private const int SpinsMax = 200;

    // A sleeper looks again now and then: should the one who was to wake it have died, nothing is lost but this.
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(20);

    /// <summary>The mark of the domain in a slot.</summary>
    internal static uint MarkOf(int slot) => (uint)slot + 1;

    /// <summary>Takes the lock.</summary>
    internal static void Enter(MachineMemory memory, int offset, uint mark)
    {
        while (!TryEnter(memory, offset, mark))
        {
            // The host breaks the locks of the dead; if the host is dead itself, nothing that the lock protects matters
            // any more but that nobody hangs on it.
            if (memory.IsMachineGone)
            {
                memory.Pages.StoreRelease(offset, mark | Contended);
                return;
            }
        }
    }

    /// <summary>Takes the lock, if it becomes free within some milliseconds.</summary>
    internal static bool TryEnter(MachineMemory memory, int offset, uint mark) =>
        memory.Pages.CompareExchange(offset, mark, 0) == 0 || TryEnterSlowly(memory, offset, mark);

    /// <summary>Gives the lock back.</summary>
    internal static void Exit(MachineMemory memory, int offset)
    {
        if ((memory.Pages.Exchange(offset, 0) & Contended) != 0)
            _ = Futex.Wake(memory.AddressOf(offset), 1);
    }

    /// <summary>The mark of who has the lock, 0 if nobody.</summary>
    internal static uint OwnerOf(MachineMemory memory, int offset) => memory.Pages.LoadAcquire(offset) & ~Contended;

    /// <summary>Takes the lock over from a dead owner; false if it was not the owner's.</summary>
    internal static bool TakeOver(MachineMemory memory, int offset, uint deadMark)
    {
        while (true)
        {
            uint word = memory.Pages.LoadAcquire(offset);
            if ((word & ~Contended) != deadMark)
                return false;
            if (memory.Pages.CompareExchange(offset, Host | Contended, word) == word)
                return true;
        }
    }

    private static bool TryEnterSlowly(MachineMemory memory, int offset, uint mark)
    {
        SpinWait spin = default;
        for (int i = 0; i < SpinsMax && !spin.NextSpinWillYield; i++)
        {
            spin.SpinOnce(sleep1Threshold: -1);
            if (memory.Pages.LoadAcquire(offset) == 0 && memory.Pages.CompareExchange(offset, mark, 0) == 0)
                return true;
        }

        bool timeIsLeft = true;
        while (true)
        {
            uint word = memory.Pages.LoadAcquire(offset);
            if (word == 0)
            {
                // Others may sleep too: whoever comes from here wakes the next.
                if (memory.Pages.CompareExchange(offset, mark | Contended, 0) == 0)
                    return true;
            }
            else if (!timeIsLeft)
            {
                return false;
            }
            else if ((word & Contended) != 0
                || memory.Pages.CompareExchange(offset, word | Contended, word) == word)
            {
                timeIsLeft = Futex.Wait(memory.AddressOf(offset), word | Contended, s_look);
            }
        }
    }
}
