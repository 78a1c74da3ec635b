using System.Globalization;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.TestKit;

/// <summary>A backend in the hands of a test: writes the keys it is told, and answers by a scripted ring.</summary>
public sealed class ScriptedBackend : IAsyncDisposable
{
    private readonly IHypervisor _hypervisor;
    private readonly DomainId _frontend;
    private readonly CancellationTokenSource _stop = new();
    private Task? _serving;

    public ScriptedBackend(IHypervisor hypervisor, DomainId frontend, VbdNumber vbd)
    {
        _hypervisor = hypervisor;
        _frontend = frontend;
        Path = VbdPaths.Backend(hypervisor.DomainId, frontend, vbd);
        FrontendPath = VbdPaths.Frontend(frontend, vbd);
    }

    /// <summary>Our directory.</summary>
    public string Path { get; }

    /// <summary>The frontend's directory.</summary>
    public string FrontendPath { get; }

    /// <summary>The ring, once connected.</summary>
    public ScriptedBackendRing? Ring { get; private set; }

    /// <summary>The event channel, once connected.</summary>
    public IEventChannel? Channel { get; private set; }

    /// <summary>Connections so far.</summary>
    public int Connections { get; private set; }

    /// <summary>Writes keys and a state, all at once.</summary>
    public Task PublishAsync(XenbusState state, params (string Key, string Value)[] keys) =>
        _hypervisor.Store.TransactAsync(async transaction =>
        {
            foreach ((string key, string value) in keys) await transaction.WriteAsync($"{Path}/{key}", value);
            await transaction.WriteAsync($"{Path}/{VbdKeys.State}", XenbusTransitions.Format(state));
        });

    /// <summary>Writes an offer and goes to InitWait.</summary>
    public Task OfferAsync(BackendOffer offer) =>
        PublishAsync(XenbusState.InitWait, [.. offer.ToKeys().Select(k => (k.Key, k.Value))]);

    /// <summary>Waits until the frontend is in one of the states; fails after ten seconds.</summary>
    public async Task<XenbusState> WaitForFrontendAsync(params XenbusState[] states)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await using IXenStoreWatch watch = await _hypervisor.Store.WatchAsync(
            $"{FrontendPath}/{VbdKeys.State}", deadline.Token);
        while (true)
        {
            await watch.NextAsync(deadline.Token);
            XenbusState state = XenbusTransitions.Parse(
                await _hypervisor.Store.ReadAsync($"{FrontendPath}/{VbdKeys.State}", deadline.Token));
            if (states.Contains(state)) return state;
        }
    }

    /// <summary>Reads the frontend's answer, maps its ring and binds its channel.</summary>
    public async Task<FrontendAnswer> AttachAsync(BackendOffer offer)
    {
        await WaitForFrontendAsync(XenbusState.Initialised, XenbusState.Connected);
        var keys = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string key in await _hypervisor.Store.ListAsync(FrontendPath) ?? [])
            keys[key] = await _hypervisor.Store.ReadAsync($"{FrontendPath}/{key}") ?? string.Empty;
        if (!FrontendAnswer.TryFromKeys(keys, offer, BlkifAbi.X86_32, out FrontendAnswer? answer, out string? problem))
            throw new InvalidOperationException(problem);
        Ring = new ScriptedBackendRing(_hypervisor.Mapper, _frontend, answer.RingReferences, answer.Abi);
        Channel = _hypervisor.EventChannels.BindInterdomain(_frontend, answer.EventChannel);
        Connections++;
        return answer;
    }

    /// <summary>Publishes the disk and goes to Connected.</summary>
    public Task ConnectAsync(long sizeBytes, int sectorSizeBytes = 512) => PublishAsync(
        XenbusState.Connected,
        (VbdKeys.Sectors, (sizeBytes / ProtocolConstants.SectorSizeBytes).ToString(CultureInfo.InvariantCulture)),
        (VbdKeys.SectorSize, sectorSizeBytes.ToString(CultureInfo.InvariantCulture)),
        (VbdKeys.Info, "0"));

    /// <summary>The whole way from nothing to Connected, as a good backend goes it.</summary>
    public async Task<FrontendAnswer> GoAsync(BackendOffer offer, long sizeBytes)
    {
        await OfferAsync(offer);
        FrontendAnswer answer = await AttachAsync(offer);
        await ConnectAsync(sizeBytes);
        return answer;
    }

    /// <summary>Answers every request from a disk in memory, on a thread of its own, until told to stop.</summary>
    public void Serve(byte[] disk) => _serving = Task.Factory.StartNew(
        () => ServeLoop(disk), _stop.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Stops answering; what was not taken stays on the ring.</summary>
    public async Task StopServingAsync()
    {
        await _stop.CancelAsync();
        Channel?.Wake();
        if (_serving is not null) await _serving;
        _serving = null;
    }

    /// <summary>Lets go of the ring and the channel, as a backend that ends.</summary>
    public void Detach()
    {
        Ring?.Dispose();
        Ring = null;
        Channel?.Dispose();
        Channel = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopServingAsync();
        Detach();
        _stop.Dispose();
    }

    private void ServeLoop(byte[] disk)
    {
        while (!_stop.IsCancellationRequested)
        {
            bool notify = false;
            while (Ring!.TryTake() is { } request)
            {
                if (request.Operation is BlkifOperation.Read or BlkifOperation.Write) Ring.Transfer(request, disk);
                notify |= Ring.Respond(request);
            }

            if (notify) Channel!.Notify();
            if (!Ring.FinalCheckForRequests()) Channel!.Wait(TimeSpan.FromMilliseconds(100));
        }
    }
}
