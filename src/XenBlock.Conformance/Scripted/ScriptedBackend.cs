using System.Globalization;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>A backend that does exactly what it is told: writes these keys, and answers by scripted rings.</summary>
public sealed class ScriptedBackend : IAsyncDisposable
{
    private readonly IHypervisor _hypervisor;
    private readonly DomainId _frontend;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<ScriptedBackendRing> _rings = [];
    private readonly List<IEventChannel> _channels = [];
    private readonly List<XenbusState> _frontendStates = [];
    private Task[] _serving = [];

    /// <summary>A backend of a vbd whose directories are there; nothing is published.</summary>
    /// <param name="hypervisor">The backend's domain.</param>
    /// <param name="frontend">Whom it serves.</param>
    /// <param name="vbd">The vbd.</param>
    public ScriptedBackend(IHypervisor hypervisor, DomainId frontend, VbdNumber vbd)
    {
        _hypervisor = hypervisor;
        _frontend = frontend;
        Path = VbdPaths.Backend(hypervisor.DomainId, frontend, vbd);
        FrontendPath = VbdPaths.Frontend(frontend, vbd);
    }

    /// <summary>The longest that it waits for the frontend.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Our directory.</summary>
    public string Path { get; }

    /// <summary>The frontend's directory.</summary>
    public string FrontendPath { get; }

    /// <summary>The states that the frontend was seen in, each change of it, by who waited for one.</summary>
    public IReadOnlyList<XenbusState> FrontendStates => _frontendStates;

    /// <summary>The rings by the queue's index, once connected.</summary>
    public IReadOnlyList<ScriptedBackendRing> Rings => _rings;

    /// <summary>The event channels by the queue's index, once connected.</summary>
    public IReadOnlyList<IEventChannel> Channels => _channels;

    /// <summary>The first queue's ring, once connected.</summary>
    public ScriptedBackendRing? Ring => _rings.FirstOrDefault();

    /// <summary>The first queue's event channel, once connected.</summary>
    public IEventChannel? Channel => _channels.FirstOrDefault();

    /// <summary>True to keep a copy of each page of each write that is served, whole.</summary>
    public bool RecordsPages { get; set; }

    /// <summary>The pages kept, in the order of the requests; for one queue.</summary>
    public List<byte[]> PagesOfWrites { get; } = [];

    /// <summary>Connections so far.</summary>
    public int Connections { get; private set; }

    /// <summary>Writes keys and a state, all at once.</summary>
    public Task PublishAsync(XenbusState state, params (string Key, string Value)[] keys) =>
        _hypervisor.Store.TransactAsync(async transaction =>
        {
            foreach ((string key, string value) in keys) await transaction.WriteAsync($"{Path}/{key}", value);
            await transaction.WriteAsync($"{Path}/{VbdKeys.State}", XenbusTransitions.Format(state));
        });

    /// <summary>Writes an offer, takes away what an earlier one had more, and goes to InitWait.</summary>
    public async Task OfferAsync(BackendOffer offer)
    {
        IReadOnlyDictionary<string, string> keys = offer.ToKeys();
        foreach (string key in BackendOffer.KeyNames.Where(key => !keys.ContainsKey(key)))
            await _hypervisor.Store.RemoveAsync($"{Path}/{key}");
        await PublishAsync(XenbusState.InitWait, [.. keys.Select(k => (k.Key, k.Value))]);
    }

    /// <summary>Waits until the frontend is in one of the states.</summary>
    /// <exception cref="OperationCanceledException">It was not within <see cref="Patience"/>.</exception>
    public async Task<XenbusState> WaitForFrontendAsync(params XenbusState[] states)
    {
        using var deadline = new CancellationTokenSource(Patience, _hypervisor.Time);
        await using IXenStoreWatch watch = await _hypervisor.Store.WatchAsync(
            $"{FrontendPath}/{VbdKeys.State}", deadline.Token);
        while (true)
        {
            await watch.NextAsync(deadline.Token);
            XenbusState state = XenbusTransitions.Parse(
                await _hypervisor.Store.ReadAsync($"{FrontendPath}/{VbdKeys.State}", deadline.Token));
            if (_frontendStates.Count == 0 || _frontendStates[^1] != state) _frontendStates.Add(state);
            if (states.Contains(state)) return state;
        }
    }

    /// <summary>Reads the frontend's answer, maps its rings and binds its channels.</summary>
    public async Task<FrontendAnswer> AttachAsync(BackendOffer offer)
    {
        await WaitForFrontendAsync(XenbusState.Initialised, XenbusState.Connected);
        Dictionary<string, string> keys = await ReadFrontendAsync();
        if (!FrontendAnswer.TryFromKeys(keys, offer, BlkifAbi.X86_32, out FrontendAnswer? answer, out string? problem))
            throw new XenBlockException(XenBlockErrorKind.PeerViolation, problem);
        foreach (QueueAnswer queue in answer.Queues)
        {
            _rings.Add(new ScriptedBackendRing(_hypervisor.Mapper, _frontend, queue.RingReferences, answer.Abi));
            _channels.Add(_hypervisor.EventChannels.BindInterdomain(_frontend, queue.EventChannel));
        }

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

    /// <summary>
    /// Answers every request from a disk in memory, each queue on a thread of its own, until told to stop.
    /// </summary>
    public void Serve(byte[] disk) => _serving = [.. _rings.Zip(_channels, (ring, channel) => Task.Factory.StartNew(
        () => ServeLoop(ring, channel, disk), _stop.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default))];

    /// <summary>Stops answering; what was not taken stays on the rings.</summary>
    public async Task StopServingAsync()
    {
        await _stop.CancelAsync();
        foreach (IEventChannel channel in _channels) channel.Wake();
        await Task.WhenAll(_serving);
        _serving = [];
    }

    /// <summary>Lets go of the rings and the channels, as a backend that ends.</summary>
    public void Detach()
    {
        foreach (ScriptedBackendRing ring in _rings) ring.Dispose();
        foreach (IEventChannel channel in _channels) channel.Dispose();
        _rings.Clear();
        _channels.Clear();
    }

    /// <summary>Every key of the frontend's directory, those of its queues as "queue-0/ring-ref".</summary>
    public async Task<Dictionary<string, string>> ReadFrontendAsync()
    {
        var keys = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string key in await _hypervisor.Store.ListAsync(FrontendPath) ?? [])
        {
            keys[key] = await _hypervisor.Store.ReadAsync($"{FrontendPath}/{key}") ?? string.Empty;
            foreach (string below in await _hypervisor.Store.ListAsync($"{FrontendPath}/{key}") ?? [])
            {
                keys[$"{key}/{below}"] =
                    await _hypervisor.Store.ReadAsync($"{FrontendPath}/{key}/{below}") ?? string.Empty;
            }
        }

        return keys;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopServingAsync();
        Detach();
        _stop.Dispose();
    }

    private void ServeLoop(ScriptedBackendRing ring, IEventChannel channel, byte[] disk)
    {
        while (!_stop.IsCancellationRequested)
        {
            bool notify = false;
            while (ring.TryTake() is { } request)
            {
                if (RecordsPages && request.Operation == BlkifOperation.Write)
                    PagesOfWrites.AddRange(request.Segments.Select(segment => ring.WholePage(segment.Grant)));
                if (request.Operation is BlkifOperation.Read or BlkifOperation.Write) ring.Transfer(request, disk);
                notify |= ring.Respond(request);
            }

            if (notify) channel.Notify();
            if (!ring.FinalCheckForRequests()) channel.Wait(TimeSpan.FromMilliseconds(100));
        }
    }
}
