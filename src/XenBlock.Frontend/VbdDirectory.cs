using System.Globalization;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Frontend;

/// <summary>The two directories of a vbd in XenStore, as its frontend reads and writes them.</summary>
internal sealed class VbdDirectory
{
    // All that we read of a backend, so that one which writes a thousand other keys costs us nothing.
    private static readonly string[] _backendKeys =
    [
        VbdKeys.FeatureFlushCache, VbdKeys.FeatureBarrier, VbdKeys.FeatureDiscard, VbdKeys.DiscardSecure,
        VbdKeys.DiscardGranularity, VbdKeys.DiscardAlignment, VbdKeys.FeaturePersistent,
        VbdKeys.FeatureMaxIndirectSegments, VbdKeys.MaxRingPageOrder, VbdKeys.MaxRingPages,
        VbdKeys.MultiQueueMaxQueues, VbdKeys.Sectors, VbdKeys.SectorSize, VbdKeys.PhysicalSectorSize, VbdKeys.Info,
        VbdKeys.Mode,
    ];

    // What a peer wrote for people to read is cut to what fits in a sentence.
    private const int ErrorTextMax = 200;

    private readonly IXenStore _store;

    private VbdDirectory(
        IXenStore store, string name, string frontendPath, string backendPath, DomainId backend, bool isTrusted)
    {
        _store = store;
        Name = name;
        FrontendPath = frontendPath;
        BackendPath = backendPath;
        Backend = backend;
        IsTrusted = isTrusted;
    }

    /// <summary>The vbd's name, for sentences.</summary>
    public string Name { get; }

    /// <summary>Our directory.</summary>
    public string FrontendPath { get; }

    /// <summary>The backend's directory.</summary>
    public string BackendPath { get; }

    /// <summary>The backend's domain.</summary>
    public DomainId Backend { get; }

    /// <summary>
    /// False if the toolstack says that the backend is not to see more than it must (libxl's <c>trusted=0</c>).
    /// </summary>
    public bool IsTrusted { get; }

    /// <summary>Finds a vbd of our own domain.</summary>
    /// <exception cref="XenBlockException">There is none; the message names those that there are.</exception>
    public static async Task<VbdDirectory> FindAsync(
        IHypervisor hypervisor, VbdNumber vbd, CancellationToken cancellationToken)
    {
        IXenStore store = hypervisor.Store;
        string name = VbdName.Format(vbd);
        string path = VbdPaths.Frontend(hypervisor.DomainId, vbd);
        string? backendPath = await store.ReadAsync($"{path}/{VbdKeys.Backend}", cancellationToken);
        string? backendId = await store.ReadAsync($"{path}/{VbdKeys.BackendId}", cancellationToken);
        if (string.IsNullOrEmpty(backendPath) || backendId is null)
        {
            throw new XenBlockException(
                XenBlockErrorKind.NotFound,
                $"{name} is not a disk of domain {hypervisor.DomainId.Value}; "
                    + await DescribeOthersAsync(hypervisor, cancellationToken));
        }

        if (!ushort.TryParse(backendId, NumberStyles.None, CultureInfo.InvariantCulture, out ushort backend)
            || backend >= DomainId.FirstReserved)
        {
            throw new XenBlockException(
                XenBlockErrorKind.Store,
                $"{path}/{VbdKeys.BackendId} names no domain; have the toolstack make {name} again");
        }

        // Linux's blkfront reads it so: only "0" takes the trust away (xen-blkfront.c, talk_to_blkback).
        string? trusted = await store.ReadAsync($"{path}/{VbdKeys.Trusted}", cancellationToken);
        return new VbdDirectory(
            store, name, path, backendPath, new DomainId(backend), isTrusted: trusted?.Trim() is not "0");
    }

    /// <summary>Watches the backend's state; the removal of its directory counts as a change.</summary>
    public Task<IXenStoreWatch> WatchBackendAsync(CancellationToken cancellationToken) =>
        _store.WatchAsync($"{BackendPath}/{VbdKeys.State}", cancellationToken);

    /// <summary>The backend's state.</summary>
    public async Task<XenbusState> ReadBackendStateAsync(CancellationToken cancellationToken) =>
        XenbusTransitions.Parse(await ReadPeerAsync($"{BackendPath}/{VbdKeys.State}", cancellationToken));

    /// <summary>Our own state.</summary>
    public async Task<XenbusState> ReadStateAsync(CancellationToken cancellationToken) =>
        XenbusTransitions.Parse(await _store.ReadAsync($"{FrontendPath}/{VbdKeys.State}", cancellationToken));

    /// <summary>True if our directory is still there.</summary>
    public async Task<bool> ExistsAsync(CancellationToken cancellationToken) =>
        await _store.ReadAsync($"{FrontendPath}/{VbdKeys.Backend}", cancellationToken) is not null;

    /// <summary>True if the toolstack has given the vbd to another backend.</summary>
    public async Task<bool> HasMovedAsync(CancellationToken cancellationToken) =>
        await _store.ReadAsync($"{FrontendPath}/{VbdKeys.Backend}", cancellationToken) is { } path
        && !string.Equals(path, BackendPath, StringComparison.Ordinal);

    /// <summary>Writes our state.</summary>
    public Task WriteStateAsync(XenbusState state, CancellationToken cancellationToken) =>
        _store.WriteAsync($"{FrontendPath}/{VbdKeys.State}", XenbusTransitions.Format(state), cancellationToken);

    /// <summary>What the backend published, of the keys that we know.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ReadBackendKeysAsync(CancellationToken cancellationToken)
    {
        var keys = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string key in _backendKeys)
        {
            if (await ReadPeerAsync($"{BackendPath}/{key}", cancellationToken) is { } value) keys[key] = value;
        }

        return keys;
    }

    /// <summary>Why the backend gave up, in its own words, or null.</summary>
    public async Task<string?> ReadBackendErrorAsync(CancellationToken cancellationToken)
    {
        // Linux keeps errors beside the devices of a domain, as error/backend/vbd/1/51712/error; others in the device.
        string home = VbdPaths.Domain(Backend);
        string? text = null;
        if (BackendPath.StartsWith($"{home}/", StringComparison.Ordinal))
        {
            string path = $"{home}/{VbdKeys.Error}{BackendPath[home.Length..]}/{VbdKeys.Error}";
            text = await ReadPeerAsync(path, cancellationToken);
        }

        text ??= await ReadPeerAsync($"{BackendPath}/{VbdKeys.Error}", cancellationToken);
        if (string.IsNullOrWhiteSpace(text)) return null;
        return string.Concat(text.Take(ErrorTextMax).Select(c => char.IsControl(c) ? ' ' : c)).Trim();
    }

    /// <summary>Publishes rings, event channels and choices, and goes to Initialised: all at once.</summary>
    public Task WriteAnswerAsync(FrontendAnswer answer, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, string> keys = answer.ToKeys();
        return _store.TransactAsync(
            async transaction =>
            {
                foreach (string key in await transaction.ListAsync(FrontendPath, cancellationToken) ?? [])
                {
                    // Of an earlier connection with other rings; a backend must not find them beside the new ones.
                    if (IsOfRings(key) && !keys.ContainsKey(key))
                        await transaction.RemoveAsync($"{FrontendPath}/{key}", cancellationToken);
                }

                foreach ((string key, string value) in keys)
                    await transaction.WriteAsync($"{FrontendPath}/{key}", value, cancellationToken);
                await transaction.WriteAsync(
                    $"{FrontendPath}/{VbdKeys.State}",
                    XenbusTransitions.Format(XenbusState.Initialised),
                    cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>
    /// Reads what belongs to a backend. What was removed from a place where we may not look is denied, not missing: for
    /// us it is the same.
    /// </summary>
    private async Task<string?> ReadPeerAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await _store.ReadAsync(path, cancellationToken);
        }
        catch (XenBlockException e) when (e.Kind == XenBlockErrorKind.PermissionDenied)
        {
            return null;
        }
    }

    private static bool IsOfRings(string key) =>
        key is VbdKeys.EventChannel or VbdKeys.RingPageOrder or VbdKeys.NumRingPages or VbdKeys.MultiQueueNumQueues
        || key.StartsWith(VbdKeys.RingRef, StringComparison.Ordinal)
        || key.StartsWith(VbdKeys.QueueDirectory, StringComparison.Ordinal);

    private static async Task<string> DescribeOthersAsync(IHypervisor hypervisor, CancellationToken cancellationToken)
    {
        IReadOnlyList<string>? children = await hypervisor.Store.ListAsync(
            VbdPaths.Frontends(hypervisor.DomainId), cancellationToken);
        string[] names = [.. (children ?? [])
            .Where(c => uint.TryParse(c, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .Select(c => VbdName.Format(new VbdNumber(uint.Parse(c, CultureInfo.InvariantCulture))))
            .Order(StringComparer.Ordinal)];
        return names.Length == 0 ? "it has none" : $"it has {string.Join(", ", names)}";
    }
}
