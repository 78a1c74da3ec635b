using System.Globalization;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Tests.Conformance;

/// <summary>
/// A backend that keeps every rule but the one that it is told to break. It shares no code with the real one: it is
/// what the rules are tried on before they are believed.
/// </summary>
internal sealed class FaultyBackend : IAsyncDisposable
{
    private readonly IHypervisor _hypervisor;
    private readonly DomainId _frontend;
    private readonly string _path;
    private readonly string _frontPath;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<FaultyBackendQueue> _queues = [];
    private Task _life = Task.CompletedTask;
    private XenbusState _state = XenbusState.Initialising;
    private XenbusState _frontState = XenbusState.Initialising;
    private int _connects;

    public FaultyBackend(IHypervisor hypervisor, DomainId frontend, VbdNumber vbd, string? fault)
    {
        _hypervisor = hypervisor;
        _frontend = frontend;
        Fault = fault;
        _path = VbdPaths.Backend(hypervisor.DomainId, frontend, vbd);
        _frontPath = VbdPaths.Frontend(frontend, vbd);
        IsReadOnly = fault is "read-only";
        SectorSizeBytes = fault is "refuse-misaligned" ? 4096 : 512;
        Offer = new BackendOffer
        {
            Flush = true,
            Barrier = true,
            Discard = true,
            DiscardGranularityBytes = 4096,
            Persistent = true,
            IndirectSegmentsMax = fault is "indirect-not-offered" ? 0 : 64,
            RingPageOrderMax = 2,
            QueuesMax = 2,
        };
    }

    /// <summary>The rule that it breaks; null for none.</summary>
    public string? Fault { get; }

    public BackendOffer Offer { get; }

    public bool IsReadOnly { get; }

    public int SectorSizeBytes { get; }

    public byte[] Disk { get; } = new byte[8 << 20];

    public ulong SectorCount => (ulong)Disk.Length / 512;

    /// <summary>Pages that were mapped and are not to be given back: the fault of some rules.</summary>
    public List<GrantMapping> Leaked { get; } = [];

    public bool Breaks(string rule) => Fault == rule;

    /// <summary>Lives until disposed.</summary>
    public async Task StartAsync()
    {
        await PublishAsync(XenbusState.InitWait, OfferKeys());
        _life = LiveAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _life;
        Disconnect();
        _stop.Dispose();
    }

    private async Task LiveAsync()
    {
        await using IXenStoreWatch watch = await _hypervisor.Store.WatchAsync($"{_frontPath}/{VbdKeys.State}");
        try
        {
            while (true)
            {
                await watch.NextAsync(_stop.Token);
                XenbusState before = _frontState;
                _frontState = XenbusTransitions.Parse(
                    await _hypervisor.Store.ReadAsync($"{_frontPath}/{VbdKeys.State}"));
                await StepAsync(before);
            }
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
    }

    private async Task StepAsync(XenbusState before)
    {
        switch (_frontState)
        {
            case XenbusState.Initialising when _state != XenbusState.InitWait:
                Disconnect();
                if (Breaks("reconnect") && _connects > 4) return;
                await PublishAsync(XenbusState.InitWait, OfferKeys());
                break;
            case XenbusState.Initialised or XenbusState.Connected when _state == XenbusState.InitWait:
                if (Breaks("connect-straight") && before != XenbusState.Initialised
                    && _frontState == XenbusState.Connected) return;
                await ConnectAsync();
                break;
            case XenbusState.Closing when _state == XenbusState.Connected:
                if (Breaks("states"))
                {
                    await PublishAsync(XenbusState.Initialised);
                    await Task.Delay(50);
                }

                await PublishAsync(XenbusState.Closing);
                break;
            case XenbusState.Closed when _state is not XenbusState.Closed:
                bool isStraight = before != XenbusState.Closing;
                if (Breaks("close") && !isStraight && _connects > 1) return;
                if (Breaks("close-straight") && isStraight && _connects > 1) return;
                Disconnect();
                await PublishAsync(XenbusState.Closed);
                break;
        }
    }

    private async Task ConnectAsync()
    {
        Dictionary<string, string> keys = await ReadFrontendAsync();
        if (Breaks("hostile-keys") && keys.ContainsKey(VbdKeys.EventChannel)) keys.Remove(VbdKeys.MultiQueueNumQueues);
        if (Breaks("ring-pages-old-key") && !keys.ContainsKey(VbdKeys.RingPageOrder))
            keys.Remove(VbdKeys.NumRingPages);
        if (!FrontendAnswer.TryFromKeys(keys, Offer, BlkifAbiNames.Native, out FrontendAnswer? answer, out _))
        {
            await PublishAsync(XenbusState.Closing);
            return;
        }

        try
        {
            foreach (QueueAnswer queue in answer.Queues)
                _queues.Add(new FaultyBackendQueue(this, _hypervisor, _frontend, answer, queue));
        }
        catch (XenBlockException)
        {
            Disconnect();
            await PublishAsync(Breaks("hostile-ring-grant") ? XenbusState.Connected : XenbusState.Closing);
            return;
        }

        _connects++;
        await PublishAsync(XenbusState.Connected, DiskKeys());
        foreach (FaultyBackendQueue queue in Breaks("queues") ? _queues.Take(1) : _queues) queue.Start();
    }

    private void Disconnect()
    {
        foreach (FaultyBackendQueue queue in _queues) queue.Dispose();
        _queues.Clear();
    }

    private Dictionary<string, string> OfferKeys()
    {
        Dictionary<string, string> keys = new(Offer.ToKeys(), StringComparer.Ordinal);
        if (Breaks("offer-flags")) keys[VbdKeys.FeatureFlushCache] = "yes";
        if (Breaks("offer-limits")) keys[VbdKeys.MultiQueueMaxQueues] = "many";
        if (Breaks("offer-ring-size")) keys[VbdKeys.MaxRingPages] = "5";
        if (Breaks("offer-discard")) keys.Remove(VbdKeys.DiscardAlignment);
        return keys;
    }

    private Dictionary<string, string> DiskKeys()
    {
        Dictionary<string, string> keys = new(new DiskProperties
        {
            SectorCount = SectorCount,
            SectorSizeBytes = SectorSizeBytes,
            PhysicalSectorSizeBytes = 4096,
            Info = IsReadOnly ? VbdInfo.ReadOnly : VbdInfo.None,
        }.ToKeys(), StringComparer.Ordinal);
        if (Breaks("disk-size")) keys.Remove(VbdKeys.SectorSize);
        if (Breaks("disk-info")) keys[VbdKeys.Info] = "64";
        if (Breaks("disk-physical")) keys[VbdKeys.PhysicalSectorSize] = "100";
        return keys;
    }

    private async Task<Dictionary<string, string>> ReadFrontendAsync()
    {
        var keys = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string key in await _hypervisor.Store.ListAsync(_frontPath) ?? [])
        {
            keys[key] = await _hypervisor.Store.ReadAsync($"{_frontPath}/{key}") ?? "";
            foreach (string below in await _hypervisor.Store.ListAsync($"{_frontPath}/{key}") ?? [])
                keys[$"{key}/{below}"] = await _hypervisor.Store.ReadAsync($"{_frontPath}/{key}/{below}") ?? "";
        }

        return keys;
    }

    private async Task PublishAsync(XenbusState state, IReadOnlyDictionary<string, string>? keys = null)
    {
        _state = state;
        await _hypervisor.Store.TransactAsync(async transaction =>
        {
            foreach ((string key, string value) in keys ?? new Dictionary<string, string>())
                await transaction.WriteAsync($"{_path}/{key}", value);
            await transaction.WriteAsync(
                $"{_path}/{VbdKeys.State}", ((int)state).ToString(CultureInfo.InvariantCulture));
        });
    }
}
