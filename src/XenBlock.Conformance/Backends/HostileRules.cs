using System.Globalization;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Conformance;

/// <summary>A frontend that breaks the protocol: the backend may give it up, and must serve the next.</summary>
internal static class HostileRules
{
    private static readonly TimeSpan _moment = TimeSpan.FromMilliseconds(300);

    public static IEnumerable<BackendRule> All =>
    [
        Hostile("hostile-slots", "Whatever bytes are in the slots, each request is answered once",
            "xen/include/public/io/blkif.h; S23, S24", SlotsAsync),
        Hostile("hostile-keys", "Keys that make no sense are not connected to, and the next frontend is served",
            "XSA-175; S18, S28", KeysAsync),
        Hostile("hostile-ring-grant", "A ring whose page is not granted is not connected to, and the next is served",
            "Linux drivers/block/xen-blkback/xenbus.c, connect_ring; S28", RingGrantAsync),
        Hostile("hostile-index-jump", "An index that jumps beyond the ring gets no more answers than the ring has "
            + "slots, and the next frontend is served", "XSA-39; xen/include/public/io/ring.h, "
            + "RING_REQUEST_PROD_OVERFLOW; S1", probe => IndexAsync(probe, 1_000_000)),
        Hostile("hostile-index-back", "An index that goes back gets no more answers than the ring has slots, and "
            + "the next frontend is served", "xen/include/public/io/ring.h, RING_REQUEST_PROD_OVERFLOW; S1",
            probe => IndexAsync(probe, unchecked((uint)-5))),
    ];

    private static BackendRule Hostile(
        string id, string title, string source, Func<BackendProbe, Task<Finding>> tryAsync) =>
        new(id, title, source, RuleRisk.Hostile, async probe =>
        {
            await probe.SessionAsync();
            Finding finding = await tryAsync(probe);
            if (finding.Verdict != Verdict.Passed) return finding;
            return Finding.Of((await probe.FreshAsync()).Alive() is { } dead
                ? $"the next frontend: {dead}" : null, finding.Text);
        });

    // Reads only, so that no chance hits the disk; the grants are ours or nobody's.
    private static async Task<Finding> SlotsAsync(BackendProbe probe)
    {
        BackendSession session = await probe.FreshAsync();
        ProbeLine line = session.Line;
        var random = new Random(7);
        byte[] slot = new byte[BlkifCodec.SlotSizeBytes(session.Wish.Abi)];
        byte[] operations = [0, 0, 0, 6, 3, 4, 7, 200];
        int count = 0;
        for (int round = 0; round < 20; round++)
        {
            for (int i = 0; i < line.SlotCount; i++)
            {
                BlockRequest request = default;
                random.NextBytes(slot);
                slot[0] = operations[random.Next(operations.Length)];
                if (slot[0] == (byte)BlkifOperation.Indirect) slot[1] = (byte)(random.Next(8) & ~1); // never a write
                if (slot[0] == (byte)BlkifOperation.FlushDiskCache) slot[1] = 0;
                BlkifCodec.ReadRequest(session.Wish.Abi, slot, ref request);
                request.Id = session.NextId();
                System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(
                    slot.AsSpan(session.Wish.Abi == BlkifAbi.X86_32 ? 4 : 8), request.Id);
                line.PutRaw(slot, in request);
                count++;
            }

            line.Publish();
            line.TakeAll();
        }

        return Finding.Of(session.Alive(), $"{count} requests");
    }

    private static async Task<Finding> KeysAsync(BackendProbe probe)
    {
        int queues = probe.Offer.QueuesMax + 1;
        int order = probe.Offer.RingPageOrderMax + 1;
        (string Key, string Value)[] changes =
        [
            (VbdKeys.RingRef, "ring"), (VbdKeys.RingRef, "-1"), (VbdKeys.RingRef, new string('9', 300)),
            (VbdKeys.EventChannel, "channel"), (VbdKeys.EventChannel, "99999999"),
        ];

        // What was not offered need not be looked at.
        if (queues > 2)
        {
            const string key = VbdKeys.MultiQueueNumQueues;
            changes = [.. changes, (key, Text(queues)), (key, "4294967295")];
        }

        if (order > 1) changes = [.. changes, (VbdKeys.RingPageOrder, Text(order)), (VbdKeys.RingPageOrder, "31")];
        var connected = new List<string>();
        foreach ((string key, string value) in changes)
        {
            await probe.CloseAsync();
            await probe.BeginAsync();
            BackendSession session = probe.Allocate(new ConnectionWish());
            Dictionary<string, string> keys = session.Frontend.Keys();
            keys[key] = value;
            await probe.Vbd.PublishAsync(XenbusState.Initialised, keys);
            if (await AfterMomentAsync(probe) == XenbusState.Connected)
                connected.Add($"{key}={(value.Length > 12 ? value[..12] + "..." : value)}");
            await probe.AbandonAsync(session);
        }

        return Finding.Of(
            connected.Count == 0 ? null : $"connected in spite of {string.Join(", ", connected)}",
            $"{changes.Length} keys");
    }

    private static async Task<Finding> RingGrantAsync(BackendProbe probe)
    {
        await probe.CloseAsync();
        await probe.BeginAsync();
        BackendSession session = probe.Allocate(new ConnectionWish());
        Dictionary<string, string> keys = session.Frontend.Keys();
        keys[VbdKeys.RingRef] = GrantRules.NotGranted(probe).ToString(CultureInfo.InvariantCulture);
        await probe.Vbd.PublishAsync(XenbusState.Initialised, keys);
        XenbusState state = await AfterMomentAsync(probe);
        await probe.AbandonAsync(session);
        return Finding.Of(state == XenbusState.Connected ? "it connected" : null, $"it stays at {state}");
    }

    private static async Task<Finding> IndexAsync(BackendProbe probe, uint jump)
    {
        BackendSession session = await probe.FreshAsync();
        if (session.Alive() is { } dead) return Finding.Failed(dead);
        ScriptedQueue queue = session.Line.Queue;
        uint before = queue.RingPages.LoadAcquire(RingLayout.ResponseProducer);
        queue.RingPages.StoreRelease(
            RingLayout.RequestProducer,
            unchecked(queue.RingPages.LoadAcquire(RingLayout.RequestProducer) + jump));
        queue.Channel.Notify();
        await Task.Delay(_moment, probe.Hypervisor.Time, CancellationToken.None);
        uint answers = unchecked(queue.RingPages.LoadAcquire(RingLayout.ResponseProducer) - before);
        XenbusState state = await probe.Vbd.BackendStateAsync();
        await probe.AbandonAsync(session);
        return answers > session.Line.SlotCount
            ? Finding.Failed(
                $"it answered {answers} requests that were never made, in a ring of {session.Line.SlotCount}")
            : Finding.Passed($"{answers} answers, state {state}");
    }

    // The state of the backend once it has made up its mind, or after a moment in which it does nothing.
    private static async Task<XenbusState> AfterMomentAsync(BackendProbe probe)
    {
        TimeProvider time = probe.Hypervisor.Time;
        long start = time.GetTimestamp();
        while (true)
        {
            XenbusState state = await probe.Vbd.BackendStateAsync();
            if (state is not (XenbusState.InitWait or XenbusState.Initialised)) return state;
            if (time.GetElapsedTime(start) > _moment) return state;
            await Task.Delay(TimeSpan.FromMilliseconds(5), time, CancellationToken.None);
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
