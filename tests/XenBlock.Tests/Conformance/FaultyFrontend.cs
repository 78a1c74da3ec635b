using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.XenStore;

namespace XenBlock.Tests.Conformance;

/// <summary>
/// A frontend with its user that keeps every rule but the one that it is told to break. It shares no code with the real
/// one: it is what the rules are tried on before they are believed.
/// </summary>
internal sealed class FaultyFrontend(IHypervisor dom0, IHypervisor guest, VbdNumber vbd, string? fault)
    : IFrontendUnderTest
{
    private const int Rounds = 40;
    private int _stages;

    public Task MakeDiskAsync(CancellationToken cancellationToken) => VbdNodes.CreateAsync(
        dom0.Store, new VbdSpecification { Frontend = guest.DomainId, Vbd = vbd }, cancellationToken);

    public Task ShowDiskAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task RemoveDiskAsync() => VbdNodes.RemoveAsync(dom0.Store, guest.DomainId, vbd, force: true);

    public async Task<TrafficOutcome> RunTrafficAsync(FrontendStage stage, CancellationToken cancellationToken)
    {
        _stages++;
        if (Breaks("reconnect") && _stages > 1) return new TrafficOutcome(false, "not again");
        var directory = new ScriptedVbd(guest, dom0.DomainId, vbd) { Patience = TimeSpan.FromSeconds(3) };
        await directory.WaitForBackendAsync(XenbusState.InitWait);
        BackendOffer offer = BackendOffer.FromKeys(await directory.BackendKeysAsync());
        using var frontend = new ScriptedFrontend(guest, dom0.DomainId, new ScriptedFrontendOptions
        {
            QueueCount = Math.Min(2, offer.QueuesMax),
            RingPageCount = offer.RingPageOrderMax > 0 ? 2 : 1,
            Persistent = offer.Persistent,
            Patience = TimeSpan.FromSeconds(4), // longer than a check waits for an event
        });
        if (Breaks("ring-fresh")) frontend.RingPages.StoreRelease(RingLayout.ResponseEvent, 5);
        if (Breaks("quiet"))
        {
            frontend.Put(frontend.Direct(BlkifOperation.Read, 1, 0, 0, 1));
            frontend.Ring.PushRequests();
        }

        await directory.PublishAsync(XenbusState.Initialised, KeysOf(frontend));
        if (await directory.WaitForBackendAsync(XenbusState.Connected, XenbusState.Closed) == XenbusState.Closed)
            return new TrafficOutcome(false, "never connected");
        if (Breaks("states"))
        {
            await directory.PublishAsync(XenbusState.InitWait);
            await Task.Delay(100, CancellationToken.None);
        }

        if (!Breaks("connect")) await directory.PublishAsync(XenbusState.Connected);
        var user = new FaultyUser(frontend, offer, stage, fault);
        TrafficOutcome outcome = await UseAsync(user, directory, stage, cancellationToken);
        bool stays = Breaks("closed") || (Breaks("closing") && stage == FrontendStage.Closing)
            || (IsLie(stage) && fault?.StartsWith("hostile", StringComparison.Ordinal) == true);
        if (!stays) await TryCloseAsync(directory);
        return outcome;
    }

    private static bool IsLie(FrontendStage stage) => stage
        is FrontendStage.UnknownId or FrontendStage.AnsweredTwice or FrontendStage.WrongOperation
        or FrontendStage.IndexJump;

    private bool Breaks(string rule) => fault == rule;

    private async Task<TrafficOutcome> UseAsync(
        FaultyUser user, ScriptedVbd directory, FrontendStage stage, CancellationToken cancellationToken)
    {
        try
        {
            string? size = null;
            for (int round = 0; round < Rounds && !cancellationToken.IsCancellationRequested; round++)
            {
                Dictionary<string, string> keys = await directory.BackendKeysAsync();
                if (keys.GetValueOrDefault(VbdKeys.State) is not "4") break;
                if (Breaks("large-sectors") && keys[VbdKeys.SectorSize] != "512")
                    return new TrafficOutcome(false, "what a large sector");
                size ??= keys[VbdKeys.Sectors];
                if (Breaks("resize") && keys[VbdKeys.Sectors] != size)
                    return new TrafficOutcome(false, "it has grown");
                if (user.Round(ulong.Parse(keys[VbdKeys.Sectors], null)) is { } wrong)
                    return new TrafficOutcome(false, wrong);
            }

            return new TrafficOutcome(true, "as it should be");
        }
        catch (XenBlockException exception)
        {
            return new TrafficOutcome(false, $"{stage}: {exception.Message}");
        }
    }

    private Dictionary<string, string> KeysOf(ScriptedFrontend frontend)
    {
        Dictionary<string, string> keys = frontend.Keys();
        string first = frontend.Queues.Count > 1 ? $"{VbdKeys.QueueN(0)}/" : "";
        if (Breaks("keys")) keys.Remove(first + VbdKeys.EventChannel);
        if (Breaks("keys-ring")) keys[first + VbdKeys.RingRef] = "9";
        if (Breaks("keys-queues")) keys[VbdKeys.EventChannel] = "9";
        if (Breaks("keys-protocol")) keys[VbdKeys.Protocol] = "x86_128-abi";
        return keys;
    }

    private static async Task TryCloseAsync(ScriptedVbd directory)
    {
        try
        {
            await directory.PublishAsync(XenbusState.Closing);
            await directory.WaitForBackendAsync(XenbusState.Closing, XenbusState.Closed);
            await directory.PublishAsync(XenbusState.Closed);
            await directory.WaitForBackendAsync(XenbusState.Closed);
        }
        catch (XenBlockException)
        {
            // The stage is over, and its nodes are gone.
        }
    }
}
