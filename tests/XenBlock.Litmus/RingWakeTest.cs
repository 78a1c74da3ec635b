using System.Buffers.Binary;
using System.Diagnostics;
using XenBlock.SharedMemory;

namespace XenBlock.Litmus;

/// <summary>
/// The real rings between two threads that sleep whenever they may. The frontend never sleeps without a request
/// outstanding, so both asleep at once means that a wake-up was lost. Contents of slots are checked too: a slot that is
/// seen before it was written is a violation of message passing.
/// </summary>
/// <param name="forgetsToLookAgain">The control: a backend that arms its event and sleeps without a second
/// look.</param>
internal sealed class RingWakeTest(bool forgetsToLookAgain)
{
    private const int SlotSizeBytes = 112;
    private const uint Start = uint.MaxValue - 1000; // wraps soon

    private readonly Doorbell _frontBell = new();
    private readonly Doorbell _backBell = new();
    private volatile bool _isOver;
    private volatile string? _problem;
    private long _wrongSlots;

    /// <summary>Times that a thread slept.</summary>
    public long Sleeps => _frontBell.Sleeps + _backBell.Sleeps;

    /// <summary>What went wrong beyond a lost wake-up, in words.</summary>
    public string? Problem => _problem;

    /// <summary>Runs until the time is over or enough wake-ups were lost.</summary>
    public LitmusCount Run(TimeSpan limit, long lostEnough)
    {
        using var pages = new NativePages();
        SharedPages view = pages.View;
        var front = FrontRing.Create(view, SlotSizeBytes, Start);
        var back = BackRing.Attach(view, SlotSizeBytes, Start);
        long rounds = 0;
        long lost = 0;
        var watch = Stopwatch.StartNew();
        var backend = new Thread(() => RunBackend(back, view));
        var frontend = new Thread(() => rounds = RunFrontend(front));
        backend.Start();
        frontend.Start();
        while (watch.Elapsed < limit && lost < lostEnough && _problem is null)
        {
            // Asleep in the same sleep before and after the other was seen asleep: asleep together, and for ever.
            long sleep = _frontBell.SleepNow;
            if (sleep != 0 && _backBell.SleepNow != 0 && _frontBell.SleepNow == sleep)
            {
                lost++;
                _backBell.Ring(); // go on, to see whether there are more
            }

            Thread.Sleep(1);
        }

        _isOver = true;
        _frontBell.Ring();
        frontend.Join();
        _backBell.Ring();
        backend.Join();
        return new LitmusCount(rounds, lost + _wrongSlots, watch.Elapsed);
    }

    private static void Delay(ulong number)
    {
        for (ulong i = unchecked(number * 0x9E3779B97F4A7C15) >> 57; i > 0; i--) Thread.SpinWait(1);
    }

    private long RunFrontend(FrontRing front)
    {
        var slot = new byte[SlotSizeBytes];
        ulong put = 0;
        ulong taken = 0;
        while (!_isOver && _problem is null)
        {
            for (ulong count = 1 + (put % 3); count > 0 && front.FreeSlots > 0; count--)
            {
                for (int at = 0; at < SlotSizeBytes; at += 8)
                    BinaryPrimitives.WriteUInt64LittleEndian(slot.AsSpan(at), put + (ulong)at);
                front.PutRequest(slot);
                put++;
            }

            if (front.PushRequests()) _backBell.Ring();
            while (!_isOver)
            {
                RingTake take = front.TryTakeResponse(slot.AsSpan(0, 16));
                if (take == RingTake.PeerViolation) _problem = $"the frontend saw an impossible index: {front}";
                if (take != RingTake.Taken && front.Outstanding == 0) break;
                if (take == RingTake.PeerViolation) break;
                if (take == RingTake.Taken)
                {
                    if (BinaryPrimitives.ReadUInt64LittleEndian(slot) != taken++) _wrongSlots++;
                    continue;
                }

                Delay(put);
                if (!front.FinalCheckForResponses()) _frontBell.Wait();
            }
        }

        return (long)taken;
    }

    private void RunBackend(BackRing back, SharedPages view)
    {
        var slot = new byte[SlotSizeBytes];
        ulong taken = 0;
        while (!_isOver && _problem is null)
        {
            RingTake take = back.TryTakeRequest(slot);
            if (take == RingTake.PeerViolation) _problem = $"the backend saw an impossible index: {back}";
            if (take == RingTake.Taken)
            {
                for (int at = 0; at < SlotSizeBytes; at += 8)
                {
                    if (BinaryPrimitives.ReadUInt64LittleEndian(slot.AsSpan(at)) != taken + (ulong)at)
                        Interlocked.Increment(ref _wrongSlots);
                }

                taken++;
                back.PutResponse(slot.AsSpan(0, 16));
                if (back.PushResponses()) _frontBell.Ring();
                continue;
            }

            Delay(taken);
            if (!MaySleep(back, view, taken)) continue;
            _backBell.Wait();
        }
    }

    private bool MaySleep(BackRing back, SharedPages view, ulong taken)
    {
        if (!forgetsToLookAgain) return !back.FinalCheckForRequests();
        if (back.HasRequests) return false;
        Delay(taken + 1); // the mistake is the same without this, only rarer
        view.StoreRelease(RingLayout.RequestEvent, unchecked(Start + (uint)taken + 1));
        SharedPages.StoreLoadBarrier();
        return true;
    }
}
