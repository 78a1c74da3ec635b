using System.Collections.ObjectModel;
using System.Globalization;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Backend;

/// <summary>
/// A vbd's two directories in XenStore, as the backend sees them. What the disk is, and whether it may be written, is
/// read from our own directory only, which the guest cannot write (S18); of the guest's only known keys are read.
/// </summary>
internal sealed class VbdDirectory
{
    private static readonly IReadOnlyDictionary<string, string> _noKeys = ReadOnlyDictionary<string, string>.Empty;

    // Those that are not of one queue.
    private static readonly string[] _frontendKeys =
    [
        VbdKeys.Protocol, VbdKeys.FeaturePersistent, VbdKeys.RingPageOrder, VbdKeys.NumRingPages,
        VbdKeys.MultiQueueNumQueues, VbdKeys.FeatureLifeByte,
    ];

    private readonly IXenStore _store;
    private readonly DomainId _frontend;
    private readonly VbdNumber _vdev;
    private readonly string _backendPath;
    private readonly string _errorPath;
    private string _frontendPath = "";

    public VbdDirectory(IHypervisor hypervisor, DomainId frontend, VbdNumber vdev)
    {
        _store = hypervisor.Store;
        _frontend = frontend;
        _vdev = vdev;
        _backendPath = VbdPaths.Backend(hypervisor.DomainId, frontend, vdev);

        // Where Linux's backends leave their last words, and libxl looks for them.
        string home = VbdPaths.Domain(hypervisor.DomainId);
        _errorPath = $"{home}/error{_backendPath[home.Length..]}/{VbdKeys.Error}";
    }

    /// <summary>The toolstack allows writing.</summary>
    public bool AllowsWriting { get; private set; }

    /// <summary>The toolstack does not forbid discard.</summary>
    public bool AllowsDiscard { get; private set; }

    /// <summary>The kind of disk, without the read-only bit.</summary>
    public VbdInfo Info { get; private set; }

    /// <summary>What to watch: a change of any of them may ask us to do something.</summary>
    public IReadOnlyList<string> WatchedPaths =>
    [
        $"{_frontendPath}/{VbdKeys.State}", $"{_backendPath}/{VbdKeys.Online}", $"{_backendPath}/{VbdKeys.State}",
    ];

    /// <summary>Reads what the toolstack wrote.</summary>
    /// <exception cref="XenBlockException">There is no such vbd, or it is somebody else's.</exception>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        string? frontendPath = await ReadOwnAsync(VbdKeys.Frontend, cancellationToken);
        if (frontendPath is null)
        {
            throw new XenBlockException(
                XenBlockErrorKind.NotFound,
                $"{_frontend} has no vbd {_vdev} of ours: there is no {_backendPath}; let the toolstack make it first");
        }

        string? id = await ReadOwnAsync(VbdKeys.FrontendId, cancellationToken);
        string expected = _frontend.Value.ToString(CultureInfo.InvariantCulture);
        if (id is not null && !string.Equals(id.Trim(), expected, StringComparison.Ordinal))
        {
            throw new XenBlockException(
                XenBlockErrorKind.InvalidArgument,
                $"{_backendPath} says that it is for domain {id.Trim()}, not {_frontend}; remove it and make it anew");
        }

        _frontendPath = frontendPath.Trim();
        string? mode = await ReadOwnAsync(VbdKeys.Mode, cancellationToken);
        AllowsWriting = mode is null || mode.Contains('w', StringComparison.Ordinal);
        AllowsDiscard = await ReadOwnAsync(VbdKeys.DiscardEnable, cancellationToken) is not "0";
        bool isCdRom = await ReadOwnAsync(VbdKeys.DeviceType, cancellationToken) is "cdrom";
        bool isRemovable = await ReadOwnAsync(VbdKeys.Removable, cancellationToken) is "1";
        Info = (isCdRom ? VbdInfo.CdRom : VbdInfo.None) | (isRemovable ? VbdInfo.Removable : VbdInfo.None);
    }

    /// <summary>Both ends as they are now.</summary>
    public async Task<VbdView> LookAsync()
    {
        if (await ReadOwnAsync(VbdKeys.Frontend) is null) return default;
        string? online = await ReadOwnAsync(VbdKeys.Online);
        string? own = await ReadOwnAsync(VbdKeys.State);
        string? frontend = await _store.ReadAsync($"{_frontendPath}/{VbdKeys.State}");
        return new VbdView(
            Exists: true, online is not "0", XenbusTransitions.Parse(own), XenbusTransitions.Parse(frontend));
    }

    /// <summary>
    /// The frontend's keys that mean something to us; any others are not even read. In one transaction with its state,
    /// so that they are of one life of the frontend and not of two.
    /// </summary>
    /// <param name="offer">What we offered: the keys of more queues than that are not read.</param>
    /// <returns>Null if the frontend is not ready any more: an event about that is on its way.</returns>
    public async Task<IReadOnlyDictionary<string, string>?> ReadFrontendAsync(BackendOffer offer)
    {
        Dictionary<string, string>? keys = null;
        await _store.TransactAsync(async transaction =>
        {
            keys = null;
            string? state = await transaction.ReadAsync($"{_frontendPath}/{VbdKeys.State}");
            if (!XenbusTransitions.FrontendIsReady(XenbusTransitions.Parse(state))) return;
            keys = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (string key in _frontendKeys) await ReadFrontendAsync(transaction, key, keys);
            foreach (string key in FrontendAnswer.QueueKeys(keys, offer).ToArray())
                await ReadFrontendAsync(transaction, key, keys);
        });
        return keys;
    }

    /// <summary>
    /// Writes keys and state in one transaction; if the toolstack has removed our directory meanwhile, nothing is
    /// written, so that it is not made again. What an earlier backend offered goes away with a new offer: a frontend
    /// would take queues that there are not any more.
    /// </summary>
    /// <param name="state">Our new state; InitWait comes with an offer.</param>
    /// <param name="keys">What to write with it, in our directory.</param>
    /// <param name="error">Why we give up, in words; they go away at the next connect.</param>
    public async Task PublishAsync(XenbusState state, IReadOnlyDictionary<string, string>? keys, string? error)
    {
        await _store.TransactAsync(async transaction =>
        {
            if (await transaction.ReadAsync($"{_backendPath}/{VbdKeys.Frontend}") is null) return;
            keys ??= _noKeys;
            IEnumerable<string> offered = state == XenbusState.InitWait ? BackendOffer.KeyNames : [];
            foreach (string key in offered.Where(key => !keys.ContainsKey(key)))
                await transaction.RemoveAsync($"{_backendPath}/{key}");
            foreach ((string key, string value) in keys) await transaction.WriteAsync($"{_backendPath}/{key}", value);
            if (error is not null)
            {
                await transaction.WriteAsync($"{_backendPath}/{VbdKeys.Error}", error);
                await TryAsync(transaction.WriteAsync(_errorPath, error));
            }
            else if (state == XenbusState.Connected
                && await transaction.ReadAsync($"{_backendPath}/{VbdKeys.Error}") is not null)
            {
                await transaction.RemoveAsync($"{_backendPath}/{VbdKeys.Error}");
                await TryAsync(transaction.RemoveAsync(_errorPath));
            }

            await transaction.WriteAsync($"{_backendPath}/{VbdKeys.State}", XenbusTransitions.Format(state));
        });
    }

    /// <summary>Says how pages are reached, and why; nothing if our directory has been removed.</summary>
    public Task PublishReasonsAsync(string reasons) => _store.TransactAsync(async transaction =>
    {
        if (await transaction.ReadAsync($"{_backendPath}/{VbdKeys.Frontend}") is null) return;
        await transaction.WriteAsync($"{_backendPath}/{VbdKeys.AccessReasons}", reasons);
    });

    private async Task ReadFrontendAsync(
        IXenStoreAccess transaction, string key, Dictionary<string, string> keys)
    {
        if (await transaction.ReadAsync($"{_frontendPath}/{key}") is { } value) keys[key] = value;
    }

    // A backend outside of domain 0 may lack the right to that place; the state must be told all the same.
    private static async Task TryAsync(Task step)
    {
        try
        {
            await step;
        }
        catch (XenBlockException exception) when (exception.Kind == XenBlockErrorKind.PermissionDenied)
        {
            // The same words stand in our own directory.
        }
    }

    private Task<string?> ReadOwnAsync(string key, CancellationToken cancellationToken = default) =>
        _store.ReadAsync($"{_backendPath}/{key}", cancellationToken);
}
