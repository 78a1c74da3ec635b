using System.Globalization;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.XenStore;

/// <summary>
/// What a toolstack does to the store for a disk: makes both ends' directories, lists them, takes them away. Keys and
/// permissions as libxl writes them (xen/tools/libs/light/libxl_disk.c and libxl_device.c).
/// </summary>
/// <remarks>Needs a connection with dom0's rights. Trusts nothing that a frontend can write (S18).</remarks>
public static partial class VbdNodes
{
    /// <summary>How long an orderly removal waits if nothing is said, as libxl (LIBXL_DESTROY_TIMEOUT).</summary>
    public static readonly TimeSpan RemovalTimeout = TimeSpan.FromSeconds(10);

    private const uint DomainMax = DomainId.FirstReserved - 1;

    /// <summary>
    /// Makes a disk's directories, both in one transaction and in state Initialising. The frontend owns its own and
    /// reads the backend's, and the other way round.
    /// </summary>
    /// <exception cref="XenBlockException">The vbd is taken, or one of the domains is not there.</exception>
    public static Task CreateAsync(
        IXenStore store, VbdSpecification specification, CancellationToken cancellationToken = default)
    {
        string frontend = VbdPaths.Frontend(specification.Frontend, specification.Vbd);
        string backend = VbdPaths.Backend(specification.Backend, specification.Frontend, specification.Vbd);
        return store.TransactAsync(
            async transaction =>
            {
                await RequireFreeAsync(transaction, specification, cancellationToken);
                await WriteEndAsync(
                    transaction,
                    backend,
                    specification.Backend,
                    specification.Frontend,
                    BackendKeys(specification, frontend),
                    cancellationToken);
                await WriteEndAsync(
                    transaction,
                    frontend,
                    specification.Frontend,
                    specification.Backend,
                    FrontendKeys(specification, backend),
                    cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>All disks in the store, by backend, frontend and number.</summary>
    public static async Task<IReadOnlyList<VbdEntry>> ListAsync(
        IXenStoreAccess store, CancellationToken cancellationToken = default)
    {
        var entries = new List<VbdEntry>();
        foreach (uint backend in await NumbersAsync(store, "/local/domain", DomainMax, cancellationToken))
        {
            string served = VbdPaths.Backends(new DomainId((ushort)backend));
            foreach (uint frontend in await NumbersAsync(store, served, DomainMax, cancellationToken))
            {
                foreach (uint vbd in await NumbersAsync(store, $"{served}/{frontend}", int.MaxValue, cancellationToken))
                {
                    entries.Add(await ReadEntryAsync(
                        store,
                        new DomainId((ushort)backend),
                        new DomainId((ushort)frontend),
                        new VbdNumber(vbd),
                        cancellationToken));
                }
            }
        }

        return entries;
    }

    /// <summary>
    /// Takes a disk away. In order: asks the backend to close (online "0", state Closing), waits until it has, and
    /// removes both directories. By force: only removes them.
    /// </summary>
    /// <param name="store">A connection with dom0's rights.</param>
    /// <param name="frontend">The domain that uses it.</param>
    /// <param name="vbd">Its number.</param>
    /// <param name="force">True to wait for nobody.</param>
    /// <param name="timeout">How long to wait; <see cref="RemovalTimeout"/> if nothing is said.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="XenBlockException">There is no such disk, or its backend does not close.</exception>
    public static async Task RemoveAsync(
        IXenStore store,
        DomainId frontend,
        VbdNumber vbd,
        bool force = false,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        VbdEntry? entry = (await ListAsync(store, cancellationToken))
            .FirstOrDefault(entry => entry.Frontend == frontend && entry.Vbd == vbd);
        if (entry is null)
        {
            throw new XenBlockException(
                XenBlockErrorKind.NotFound,
                $"Domain {frontend.Value} has no {vbd}; list the disks to see what it has.");
        }

        string backend = VbdPaths.Backend(entry.Backend, frontend, vbd);
        if (!force && !IsAtRest(entry.BackendState))
            await CloseAsync(store, entry, backend, timeout ?? RemovalTimeout, cancellationToken);
        await store.TransactAsync(
            async transaction =>
            {
                await transaction.RemoveAsync(VbdPaths.Frontend(frontend, vbd), cancellationToken);
                await transaction.RemoveAsync(VbdPaths.Toolstack(frontend, vbd), cancellationToken);
                await transaction.RemoveAsync(backend, cancellationToken);
                string served = VbdPaths.Backends(entry.Backend, frontend);
                if (await transaction.ListAsync(served, cancellationToken) is { Count: 0 })
                    await transaction.RemoveAsync(served, cancellationToken);
            },
            cancellationToken);
    }

    private static async Task CloseAsync(
        IXenStore store, VbdEntry entry, string backend, TimeSpan timeout, CancellationToken cancellationToken)
    {
        string state = $"{backend}/{VbdKeys.State}";
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        try
        {
            await using IXenStoreWatch watch = await store.WatchAsync(state, deadline.Token);
            await store.TransactAsync(
                async transaction =>
                {
                    if (await transaction.ReadAsync(backend, deadline.Token) is null) return;
                    await transaction.WriteAsync($"{backend}/{VbdKeys.Online}", "0", deadline.Token);
                    await transaction.WriteAsync(state, XenbusTransitions.Format(XenbusState.Closing), deadline.Token);
                },
                deadline.Token);
            while (!IsAtRest(await StateAsync(store, state, deadline.Token))) await watch.NextAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new XenBlockException(
                XenBlockErrorKind.TimedOut,
                $"The backend of {entry.Vbd} of domain {entry.Frontend.Value} did not close within " +
                $"{timeout.TotalSeconds:0.#} s; it is still in use, or its backend is gone: remove it by force.");
        }
    }

    // Nobody is behind these states: the toolstack made it and nobody came, it has closed, or it is gone.
    private static bool IsAtRest(XenbusState state) =>
        state is XenbusState.Unknown or XenbusState.Initialising or XenbusState.Closed;

    private static async Task WriteEndAsync(
        IXenStoreAccess transaction,
        string path,
        DomainId owner,
        DomainId reader,
        (string Key, string Value)[] keys,
        CancellationToken cancellationToken)
    {
        await transaction.MakeDirectoryAsync(path, cancellationToken);
        await transaction.SetPermissionsAsync(path, [$"n{owner.Value}", $"r{reader.Value}"], cancellationToken);
        foreach ((string key, string value) in keys)
            await transaction.WriteAsync($"{path}/{key}", value, cancellationToken);
    }

    private static (string Key, string Value)[] BackendKeys(VbdSpecification specification, string frontend) =>
    [
        (VbdKeys.Frontend, frontend),
        (VbdKeys.FrontendId, specification.Frontend.Value.ToString(CultureInfo.InvariantCulture)),
        (VbdKeys.Online, "1"),
        (VbdKeys.Removable, Flag(specification.IsRemovable)),
        (VbdKeys.Bootable, Flag(specification.IsBootable)),
        (VbdKeys.Device, VbdName.Format(specification.Vbd)),
        (VbdKeys.Type, specification.Type),
        (VbdKeys.Mode, specification.IsReadOnly ? "r" : "w"),
        (VbdKeys.DeviceType, specification.DeviceType),
        (VbdKeys.DiscardEnable, Flag(specification.IsDiscardEnabled)),
        (VbdKeys.Params, specification.Params),
        (VbdKeys.State, XenbusTransitions.Format(XenbusState.Initialising)),
    ];

    private static (string Key, string Value)[] FrontendKeys(VbdSpecification specification, string backend) =>
    [
        (VbdKeys.Backend, backend),
        (VbdKeys.BackendId, specification.Backend.Value.ToString(CultureInfo.InvariantCulture)),
        (VbdKeys.VirtualDevice, specification.Vbd.Decimal),
        (VbdKeys.DeviceType, specification.DeviceType),
        (VbdKeys.Trusted, Flag(specification.IsTrusted)),
        (VbdKeys.State, XenbusTransitions.Format(XenbusState.Initialising)),
    ];

    private static string Flag(bool value) => value ? "1" : "0";

    private static async Task RequireFreeAsync(
        IXenStoreAccess transaction, VbdSpecification specification, CancellationToken cancellationToken)
    {
        string frontend = VbdPaths.Frontend(specification.Frontend, specification.Vbd);
        string backend = VbdPaths.Backend(specification.Backend, specification.Frontend, specification.Vbd);
        await RequireDomainAsync(transaction, specification.Frontend, cancellationToken);
        await RequireDomainAsync(transaction, specification.Backend, cancellationToken);
        if (await transaction.ReadAsync(frontend, cancellationToken) is not null
            || await transaction.ReadAsync(backend, cancellationToken) is not null)
        {
            throw new XenBlockException(
                XenBlockErrorKind.InUse,
                $"{specification.Vbd} of domain {specification.Frontend.Value} is taken; " +
                "remove it first, or take another name.");
        }
    }

    private static async Task RequireDomainAsync(
        IXenStoreAccess transaction, DomainId domain, CancellationToken cancellationToken)
    {
        if (await transaction.ReadAsync(VbdPaths.Domain(domain), cancellationToken) is null)
        {
            throw new XenBlockException(
                XenBlockErrorKind.NotFound, $"There is no domain {domain.Value}; start it first, or name another.");
        }
    }

    private static async Task<VbdEntry> ReadEntryAsync(
        IXenStoreAccess store,
        DomainId backend,
        DomainId frontend,
        VbdNumber vbd,
        CancellationToken cancellationToken)
    {
        string back = VbdPaths.Backend(backend, frontend, vbd);
        string front = VbdPaths.Frontend(frontend, vbd);
        return new VbdEntry(
            frontend,
            backend,
            vbd,
            await StateAsync(store, $"{front}/{VbdKeys.State}", cancellationToken),
            await StateAsync(store, $"{back}/{VbdKeys.State}", cancellationToken),
            await store.ReadAsync($"{back}/{VbdKeys.Mode}", cancellationToken) is not "w",
            await store.ReadAsync($"{back}/{VbdKeys.Params}", cancellationToken) ?? "")
        {
            MadeBy = await store.ReadAsync($"{back}/{VbdKeys.MadeBy}", cancellationToken),
        };
    }

    private static async Task<XenbusState> StateAsync(
        IXenStoreAccess store, string path, CancellationToken cancellationToken) =>
        XenbusTransitions.Parse(await store.ReadAsync(path, cancellationToken));

    /// <summary>The children that are numbers of domains or disks; whatever else is there is passed over.</summary>
    private static async Task<List<uint>> NumbersAsync(
        IXenStoreAccess store, string path, uint max, CancellationToken cancellationToken)
    {
        var numbers = new List<uint>();
        foreach (string name in await store.ListAsync(path, cancellationToken) ?? [])
        {
            bool isNumber = uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out uint number);
            if (isNumber && number <= max) numbers.Add(number);
        }

        numbers.Sort();
        return numbers;
    }
}
