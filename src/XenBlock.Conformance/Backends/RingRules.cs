using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>How requests and responses go over the ring, and who is woken when.</summary>
internal static class RingRules
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(3);

    private const string Ring = "xen/include/public/io/ring.h";

    public static IEnumerable<BackendRule> All =>
    [
        new("ring-full", "As many requests as there are slots, published at once, are each answered once",
            $"{Ring}, RING_FULL", RuleRisk.None, FullAsync),
        new("ring-wrap", "The ring goes round, with some requests always under way", Ring, RuleRisk.None, WrapAsync),
        new("ring-trickle", "Requests that are published one after another, while others are worked on, are answered",
            $"{Ring}, RING_FINAL_CHECK_FOR_REQUESTS", RuleRisk.None, TrickleAsync),
        new("event-asked", "Who asks for an event at the next response is woken by it",
            $"{Ring}, RING_PUSH_RESPONSES_AND_CHECK_NOTIFY", RuleRisk.None, AskedAsync),
        new("event-moderated", "Who asks for an event at the fourth response is woken by then",
            $"{Ring}, rsp_event", RuleRisk.None, ModeratedAsync),
        new("event-polled", "Who asks for no event is not woken for every response",
            $"{Ring}, RING_PUSH_RESPONSES_AND_CHECK_NOTIFY", RuleRisk.None, PolledAsync),
        new("event-idle", "A backend that was idle is woken by the event that it asked for",
            $"{Ring}, RING_FINAL_CHECK_FOR_REQUESTS", RuleRisk.None, IdleAsync),
        new("event-spurious", "Events for nothing harm nothing", "xen/include/public/event_channel.h; XSA-332; S6",
            RuleRisk.None, SpuriousAsync),
    ];

    /// <summary>Fills every ring with reads at once, and takes all responses. Null, or what is wrong.</summary>
    public static string? Burst(BackendProbe probe, IReadOnlyList<ProbeLine> lines)
    {
        foreach (ProbeLine line in lines)
        {
            for (uint i = 0; i < line.SlotCount; i++) PutRead(probe, line, i);
            line.Publish();
        }

        foreach (ProbeLine line in lines)
        {
            foreach (BlockResponse response in line.TakeAll().Values)
            {
                if (response.Status != BlkifStatus.Okay)
                    return $"one of {line.SlotCount} reads gave {BackendSession.Words(response.Status)}";
            }
        }

        return null;
    }

    private static async Task<Finding> FullAsync(BackendProbe probe)
    {
        BackendSession session = await probe.SessionAsync();
        return Finding.Of(Burst(probe, session.Lines), $"{session.Line.SlotCount} requests");
    }

    private static async Task<Finding> WrapAsync(BackendProbe probe)
    {
        BackendSession session = await probe.SessionAsync();
        ProbeLine line = session.Line;
        uint total = 8 * line.SlotCount;
        uint put = 0;
        for (uint taken = 0; taken < total;)
        {
            while (put < total && line.Outstanding < line.SlotCount - 3) PutRead(probe, line, put++);
            line.Publish();
            BlockResponse response = line.Take();
            taken++;
            if (response.Status != BlkifStatus.Okay)
                return Finding.Failed($"read {taken} gave {BackendSession.Words(response.Status)}");
        }

        return Finding.Passed($"{total} requests");
    }

    private static async Task<Finding> TrickleAsync(BackendProbe probe)
    {
        BackendSession session = await probe.SessionAsync();
        ProbeLine line = session.Line;
        long before = line.Notifications;
        for (uint round = 0; round < 16; round++)
        {
            for (uint i = 0; i < line.SlotCount / 2; i++)
            {
                PutRead(probe, line, i);
                line.Publish();

                // Long enough, once a round, for a backend that keeps up to go to sleep.
                if (i == line.SlotCount / 4) Thread.Sleep(_pause);
            }

            line.TakeAll();
        }

        return Finding.Passed($"{16 * line.SlotCount / 2} requests, {line.Notifications - before} events sent");
    }

    private static async Task<Finding> AskedAsync(BackendProbe probe)
    {
        BackendSession session = await probe.SessionAsync();
        ProbeLine line = session.Line;
        for (uint round = 0; round < 20; round++)
        {
            line.AskForEvent(1);
            PutRead(probe, line, round);
            line.Publish();
            if (!WaitForEvent(probe, line, wanted: 1))
            {
                string seen = line.Queue.Ring.HasResponses ? "the response was there" : "no response came";
                return Finding.Failed($"round {round}: no event, and {seen}: {line.Queue.Ring.Describe()}");
            }

            line.Take();
        }

        return Finding.Passed("20 responses");
    }

    private static async Task<Finding> ModeratedAsync(BackendProbe probe)
    {
        const uint count = 4;
        BackendSession session = await probe.SessionAsync();
        ProbeLine line = session.Line;
        for (uint i = 0; i < count; i++) PutRead(probe, line, i);
        line.AskForEvent(count);
        line.Publish();
        bool isWoken = WaitForEvent(probe, line, wanted: count);
        string ring = line.Queue.Ring.Describe();
        line.TakeAll();
        return Finding.Of(isWoken ? null : $"no event at the fourth response: {ring}");
    }

    private static async Task<Finding> PolledAsync(BackendProbe probe)
    {
        const int count = 50;
        BackendSession session = await probe.FreshAsync();
        ProbeLine line = session.Line;
        if (session.Alive() is { } dead) return Finding.Failed(dead);
        int events = 0;
        for (uint i = 0; i < count; i++)
        {
            PutRead(probe, line, i);
            line.Publish();
            line.Poll();

            // One that was sent with the response has come by now, or will be seen in the next round.
            while (line.Queue.Channel.TryTake()) events++;
        }

        return events < count / 2
            ? Finding.Passed($"{events} events for {count} responses")
            : Finding.Failed($"{events} events for {count} responses, of which none was asked for");
    }

    private static async Task<Finding> IdleAsync(BackendProbe probe)
    {
        BackendSession session = await probe.SessionAsync();
        ProbeLine line = session.Line;
        int asked = 0;
        foreach (int idleMs in (int[])[0, 1, 5, 20, 100, 300])
        {
            await Task.Delay(idleMs, CancellationToken.None);
            PutRead(probe, line, 0);
            if (line.Publish()) asked++;
            line.Take();
        }

        return Finding.Passed($"it asked for {asked} of 6 events");
    }

    private static async Task<Finding> SpuriousAsync(BackendProbe probe)
    {
        BackendSession session = await probe.SessionAsync();
        for (int i = 0; i < 200; i++) session.Line.Queue.Channel.Notify();
        await Task.Delay(TimeSpan.FromMilliseconds(50), CancellationToken.None); // it looks, and finds nothing
        return Finding.Of(session.Alive());
    }

    // Sleeps until an event comes with which the wanted responses are there; an earlier one may be of anything.
    private static bool WaitForEvent(BackendProbe probe, ProbeLine line, uint wanted)
    {
        TimeProvider time = probe.Hypervisor.Time;
        long start = time.GetTimestamp();
        while (time.GetElapsedTime(start) < probe.Options.Patience)
        {
            bool isWoken = line.Queue.Channel.Wait(probe.Options.Patience - time.GetElapsedTime(start));
            if (isWoken && line.Ready >= wanted) return true;
        }

        return false;
    }

    private static void PutRead(BackendProbe probe, ProbeLine line, uint index)
    {
        DiskRegion region = probe.Region;
        ulong sector = region.FirstSector
            + (index % (uint)region.PageCount * ProtocolConstants.SectorsPerPage);
        BlockRequest request = probe.Session.Direct(BlkifOperation.Read, sector, new Piece((int)(index % 16)));
        line.Put(in request);
    }
}
