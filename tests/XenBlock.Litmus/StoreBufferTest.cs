using System.Diagnostics;
using XenBlock.Native;
using XenBlock.SharedMemory;

namespace XenBlock.Litmus;

/// <summary>
/// The store-buffer test: each of two threads stores to its own word and loads the other's. That neither sees the
/// other's store is possible, and happens, unless a full barrier stands between. It is what both ends of a ring do: one
/// stores the producer and loads the event, the other stores the event and loads the producer.
/// </summary>
internal sealed class StoreBufferTest(bool withBarrier)
{
    private const int WordOfA = 0;
    private const int WordOfB = 256;
    private const int ArrivedA = 512;
    private const int ArrivedB = 768;
    private const int SeenByA = 1024;
    private const int SeenByB = 1280;

    /// <summary>Runs until the time is over, or enough violations were seen.</summary>
    /// <param name="limit">The longest to run.</param>
    /// <param name="roundsMax">The most rounds.</param>
    /// <param name="violationsEnough">Stops after so many.</param>
    public LitmusCount Run(TimeSpan limit, uint roundsMax, long violationsEnough)
    {
        using var pages = new NativePages();
        SharedPages view = pages.View;
        using var stop = new CancellationTokenSource(limit);
        uint rounds = 0;
        long violations = 0;
        var other = new Thread(() =>
        {
            _ = Processor.PinThread(1);
            for (uint round = 1; Meet(view, ArrivedB, ArrivedA, round); round++)
                Step(view, WordOfB, WordOfA, SeenByB, round);
        });
        other.Start();
        var self = new Thread(() =>
        {
            _ = Processor.PinThread(0);
            for (uint round = 1; ; round++)
            {
                bool isLast = stop.IsCancellationRequested || round > roundsMax || violations >= violationsEnough;
                view.StoreRelease(ArrivedA, isLast ? uint.MaxValue : round);
                if (isLast || !Meet(view, ArrivedA, ArrivedB, round)) break;
                if (round > 1 && Missed(view, SeenByA, round - 1) && Missed(view, SeenByB, round - 1)) violations++;
                Step(view, WordOfA, WordOfB, SeenByA, round);
                rounds = round;
            }
        });
        var watch = Stopwatch.StartNew();
        self.Start();
        self.Join();
        other.Join();
        return new LitmusCount(rounds, violations, watch.Elapsed);
    }

    private static bool Missed(SharedPages view, int seenAt, uint round) =>
        view.LoadAcquire(seenAt + (int)(round % 2 * 64)) != round;

    /// <summary>Waits for the other thread; false if it has stopped.</summary>
    private static bool Meet(SharedPages view, int ownAt, int otherAt, uint round)
    {
        view.StoreRelease(ownAt, round);
        for (int spins = 1; ; spins++)
        {
            uint arrived = view.LoadAcquire(otherAt);
            if (arrived == uint.MaxValue) return false;
            if (arrived >= round) break;
            if (spins % 2000 == 0) Thread.Yield(); // the other one may wait for this processor
        }

        // Whoever came last leaves first; a delay that varies lets the two meet at every distance.
        for (uint delay = unchecked(round * 2654435761) >> 26; delay > 0; delay--) view.LoadAcquire(ownAt);
        return true;
    }

    private void Step(SharedPages view, int ownWord, int otherWord, int seenAt, uint round)
    {
        view.StoreRelease(ownWord, round);
        if (withBarrier) SharedPages.StoreLoadBarrier();
        uint seen = view.LoadAcquire(otherWord);

        // Two places in turn: this round's answer stays until both have met again.
        view.StoreRelease(seenAt + (int)(round % 2 * 64), seen);
    }
}
