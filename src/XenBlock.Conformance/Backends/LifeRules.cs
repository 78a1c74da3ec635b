using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>How a connection ends, and the next begins.</summary>
internal static class LifeRules
{
    private const string Header = "xen/include/public/io/blkif.h, shutdown; xen/include/public/io/xenbus.h";

    public static IEnumerable<BackendRule> All =>
    [
        new("close", "A frontend that goes to Closing and Closed is followed: 5, then 6", Header,
            RuleRisk.None, CloseAsync),
        new("close-straight", "A frontend that goes to Closed at once is followed", Header,
            RuleRisk.None, CloseStraightAsync),
        new("close-under-way", "A frontend that closes with requests under way is followed, and may come again",
            "XSA-350; S8", RuleRisk.None, CloseUnderWayAsync),
        new("reconnect", "After Closed a frontend may begin again, with another ring, ten times",
            "Linux drivers/block/xen-blkback/xenbus.c, frontend_changed", RuleRisk.None, ReconnectAsync),
        new("states", "The backend's states follow each other as the protocol knows them", Header,
            RuleRisk.None, StatesAsync),
    ];

    private static async Task<Finding> CloseAsync(BackendProbe probe)
    {
        BackendSession session = await probe.FreshAsync();
        if (session.Alive() is { } dead) return Finding.Failed(dead);
        await probe.Vbd.PublishAsync(XenbusState.Closing);
        XenbusState first = await probe.Vbd.WaitForBackendAsync(XenbusState.Closing, XenbusState.Closed);
        await probe.Vbd.PublishAsync(XenbusState.Closed);
        await probe.Vbd.WaitForBackendAsync(XenbusState.Closed);
        await probe.AbandonAsync(session);
        return Finding.Passed(first == XenbusState.Closed ? "straight to 6" : "5, then 6");
    }

    private static async Task<Finding> CloseStraightAsync(BackendProbe probe)
    {
        BackendSession session = await probe.FreshAsync();
        await probe.Vbd.PublishAsync(XenbusState.Closed);
        await probe.Vbd.WaitForBackendAsync(XenbusState.Closed, XenbusState.InitWait);
        await probe.AbandonAsync(session);
        return Finding.Of((await probe.FreshAsync()).Alive());
    }

    private static async Task<Finding> CloseUnderWayAsync(BackendProbe probe)
    {
        BackendSession session = await probe.FreshAsync();
        for (uint i = 0; i < session.Line.SlotCount; i++)
        {
            BlockRequest request = session.Direct(BlkifOperation.Read, probe.Region.FirstSector, Piece.Pages(11));
            session.Line.Put(in request);
        }

        session.Line.Publish();
        await probe.Vbd.PublishAsync(XenbusState.Closing);
        await probe.Vbd.WaitForBackendAsync(XenbusState.Closing, XenbusState.Closed);
        await probe.Vbd.PublishAsync(XenbusState.Closed);
        await probe.Vbd.WaitForBackendAsync(XenbusState.Closed, XenbusState.InitWait);
        int kept = session.ReleaseAll();
        await probe.AbandonAsync(session);
        if (kept > 0) return Finding.Failed($"{kept} pages were still mapped when the backend was at Closed");
        return Finding.Of((await probe.FreshAsync()).Alive());
    }

    private static async Task<Finding> ReconnectAsync(BackendProbe probe)
    {
        for (int round = 0; round < 10; round++)
        {
            if ((await probe.FreshAsync()).Alive() is { } dead) return Finding.Failed($"round {round}: {dead}");
        }

        return Finding.Passed();
    }

    private static async Task<Finding> StatesAsync(BackendProbe probe)
    {
        await probe.FreshAsync();
        await probe.CloseAsync();
        await probe.FreshAsync();
        IReadOnlyList<XenbusState> states = probe.Vbd.BackendStates;
        for (int i = 1; i < states.Count; i++)
        {
            if (!XenbusTransitions.IsLegal(XenbusEnd.Backend, states[i - 1], states[i]))
                return Finding.Failed($"from {states[i - 1]} to {states[i]}");
        }

        return Finding.Passed($"{states.Count} states seen");
    }
}
