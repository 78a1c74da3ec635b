using System.Globalization;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>
/// The frontend's directory of a vbd, written and read key by key: the XenStore half of a scripted frontend.
/// </summary>
public sealed class ScriptedVbd
{
    // What a frontend writes, beside the directories of its queues; all else is the toolstack's.
    private static readonly string[] _ownKeys =
    [
        VbdKeys.RingRef, VbdKeys.RingPageOrder, VbdKeys.NumRingPages, VbdKeys.EventChannel, VbdKeys.Protocol,
        VbdKeys.FeaturePersistent, VbdKeys.FeatureLifeByte, VbdKeys.MultiQueueNumQueues,
        .. Enumerable.Range(0, 1 << ProtocolConstants.RingPageOrderMax).Select(VbdKeys.RingRefN),
        .. Enumerable.Range(0, ProtocolConstants.QueuesMax).Select(VbdKeys.QueueN),
    ];

    private readonly IHypervisor _hypervisor;
    private readonly List<XenbusState> _backendStates = [];

    /// <summary>The directories of a vbd; a backend of another kind than "vbd" has its own path.</summary>
    /// <param name="hypervisor">The frontend's domain.</param>
    /// <param name="backend">The backend's domain.</param>
    /// <param name="vbd">The vbd.</param>
    /// <param name="backendPath">The backend's directory; null for that of kind "vbd".</param>
    public ScriptedVbd(IHypervisor hypervisor, DomainId backend, VbdNumber vbd, string? backendPath = null)
    {
        _hypervisor = hypervisor;
        Backend = backend;
        Path = VbdPaths.Frontend(hypervisor.DomainId, vbd);
        BackendPath = backendPath ?? VbdPaths.Backend(backend, hypervisor.DomainId, vbd);
    }

    /// <summary>The backend's domain.</summary>
    public DomainId Backend { get; }

    /// <summary>Our own directory.</summary>
    public string Path { get; }

    /// <summary>The backend's directory.</summary>
    public string BackendPath { get; }

    /// <summary>The states that the backend was seen in, each change of it, by who waited for one.</summary>
    public IReadOnlyList<XenbusState> BackendStates => _backendStates;

    /// <summary>The longest that it waits for the backend.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Finds a vbd of our own domain, whatever kind its backend is of.</summary>
    /// <exception cref="XenBlockException">The domain has no such vbd.</exception>
    public static async Task<ScriptedVbd> FindAsync(
        IHypervisor hypervisor, VbdNumber vbd, TimeSpan patience, CancellationToken cancellationToken = default)
    {
        string path = VbdPaths.Frontend(hypervisor.DomainId, vbd);
        string? backendPath = await hypervisor.Store.ReadAsync($"{path}/{VbdKeys.Backend}", cancellationToken);
        string? backend = await hypervisor.Store.ReadAsync($"{path}/{VbdKeys.BackendId}", cancellationToken);
        return backendPath is not null
            && ushort.TryParse(backend, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number)
            ? new ScriptedVbd(hypervisor, new DomainId(number), vbd, backendPath) { Patience = patience }
            : throw new XenBlockException(
                XenBlockErrorKind.NotFound,
                $"{VbdName.Format(vbd)} is not a disk of domain {hypervisor.DomainId.Value}: {path} names no backend");
    }

    /// <summary>Takes away what an earlier frontend published, and goes to Initialising, all at once.</summary>
    public Task BeginAsync() => _hypervisor.Store.TransactAsync(async transaction =>
    {
        IReadOnlyList<string> there = await transaction.ListAsync(Path) ?? [];
        foreach (string key in _ownKeys.Intersect(there, StringComparer.Ordinal))
            await transaction.RemoveAsync($"{Path}/{key}");
        await transaction.WriteAsync(
            $"{Path}/{VbdKeys.State}", XenbusTransitions.Format(XenbusState.Initialising));
    });

    /// <summary>Writes keys and state in one transaction.</summary>
    public Task PublishAsync(XenbusState state, IReadOnlyDictionary<string, string>? keys = null) =>
        _hypervisor.Store.TransactAsync(async transaction =>
        {
            if (keys is not null)
            {
                foreach ((string key, string value) in keys) await transaction.WriteAsync($"{Path}/{key}", value);
            }

            await transaction.WriteAsync($"{Path}/{VbdKeys.State}", XenbusTransitions.Format(state));
        });

    /// <summary>The state of the backend as it stands.</summary>
    public async Task<XenbusState> BackendStateAsync() =>
        XenbusTransitions.Parse(await _hypervisor.Store.ReadAsync($"{BackendPath}/{VbdKeys.State}"));

    /// <summary>Every key of the backend's directory.</summary>
    public async Task<Dictionary<string, string>> BackendKeysAsync()
    {
        var keys = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string key in await _hypervisor.Store.ListAsync(BackendPath) ?? [])
            keys[key] = await _hypervisor.Store.ReadAsync($"{BackendPath}/{key}") ?? string.Empty;
        return keys;
    }

    /// <summary>Waits until the backend is in one of these states.</summary>
    /// <exception cref="XenBlockException">It was not within <see cref="Patience"/>.</exception>
    public async Task<XenbusState> WaitForBackendAsync(params XenbusState[] states)
    {
        using var deadline = new CancellationTokenSource(Patience, _hypervisor.Time);
        XenbusState state = XenbusState.Unknown;
        try
        {
            await using IXenStoreWatch watch =
                await _hypervisor.Store.WatchAsync($"{BackendPath}/{VbdKeys.State}", deadline.Token);
            while (true)
            {
                state = await BackendStateAsync();
                if (_backendStates.Count == 0 || _backendStates[^1] != state) _backendStates.Add(state);
                if (states.Contains(state)) return state;
                await watch.NextAsync(deadline.Token);
            }
        }
        catch (OperationCanceledException exception)
        {
            throw new XenBlockException(
                XenBlockErrorKind.TimedOut,
                $"the backend stays at {state} and does not reach {string.Join(" or ", states)} within "
                    + $"{Patience.TotalSeconds:0.#} s",
                innerException: exception);
        }
    }

    /// <summary>The whole handshake of an honest frontend.</summary>
    public async Task ConnectAsync(ScriptedFrontend frontend)
    {
        await PublishAsync(XenbusState.Initialising);
        await WaitForBackendAsync(XenbusState.InitWait);
        await PublishAsync(XenbusState.Initialised, frontend.Keys());
        await WaitForBackendAsync(XenbusState.Connected);
        await PublishAsync(XenbusState.Connected);
    }

    /// <summary>The orderly end of an honest frontend.</summary>
    public async Task CloseAsync()
    {
        await PublishAsync(XenbusState.Closing);
        await WaitForBackendAsync(XenbusState.Closing, XenbusState.Closed);
        await PublishAsync(XenbusState.Closed);
        await WaitForBackendAsync(XenbusState.Closed);
    }
}
