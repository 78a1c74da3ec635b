using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.XenStore;

/// <content>
/// A disk made in two steps, for a backend that is not the kernel's: first the backend's directory, then, once the
/// backend has published its offer, the frontend's. A guest that runs never sees a disk that nobody serves, and the
/// kernel's own backend never sees one that it could claim.
/// </content>
public static partial class VbdNodes
{
    // What libxl keeps of a backend's keys in a place that no backend and no guest can write (libxl_device.c).
    private static readonly string[] _rememberedKeys =
    [
        VbdKeys.Params, VbdKeys.Script, VbdKeys.FrontendId, VbdKeys.Removable, VbdKeys.Bootable, VbdKeys.Device,
        VbdKeys.Type, VbdKeys.Mode, VbdKeys.DeviceType, VbdKeys.DiscardEnable, VbdKeys.Specification,
    ];

    /// <summary>
    /// The first step: the backend's directory alone, in state Closed. Linux looks for a driver only for devices in
    /// state Initialising (xenbus_probe_node in drivers/xen/xenbus), so its own backend leaves this one to us.
    /// </summary>
    /// <exception cref="XenBlockException">The vbd is taken, or one of the domains is not there.</exception>
    public static Task CreateBackendAsync(
        IXenStore store, VbdSpecification specification, CancellationToken cancellationToken = default)
    {
        string frontend = VbdPaths.Frontend(specification.Frontend, specification.Vbd);
        string backend = VbdPaths.Backend(specification.Backend, specification.Frontend, specification.Vbd);
        return store.TransactAsync(
            async transaction =>
            {
                await RequireFreeAsync(transaction, specification, cancellationToken);
                (string Key, string Value)[] keys =
                [
                    .. BackendKeys(specification, frontend).Where(pair => pair.Key is not VbdKeys.State),
                    .. OwnKeys(specification),
                    (VbdKeys.State, XenbusTransitions.Format(XenbusState.Closed)),
                ];
                await WriteEndAsync(
                    transaction, backend, specification.Backend, specification.Frontend, keys, cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>
    /// The second step: the frontend's directory in state Initialising, and what libxl remembers of the disk, so that
    /// xl lists it and can take it away. Does nothing if the frontend's directory is there.
    /// </summary>
    /// <param name="store">A connection with dom0's rights.</param>
    /// <param name="backend">The domain that serves it.</param>
    /// <param name="frontend">The domain that uses it.</param>
    /// <param name="vbd">Its number.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="XenBlockException">The first step was not made, or its result is gone again.</exception>
    public static Task CreateFrontendAsync(
        IXenStore store,
        DomainId backend,
        DomainId frontend,
        VbdNumber vbd,
        CancellationToken cancellationToken = default)
    {
        string front = VbdPaths.Frontend(frontend, vbd);
        string back = VbdPaths.Backend(backend, frontend, vbd);
        return store.TransactAsync(
            async transaction =>
            {
                if (await transaction.ReadAsync($"{front}/{VbdKeys.Backend}", cancellationToken) is not null) return;
                string? deviceType = await transaction.ReadAsync($"{back}/{VbdKeys.DeviceType}", cancellationToken);
                await RequireDomainAsync(transaction, frontend, cancellationToken);
                if (await transaction.ReadAsync($"{back}/{VbdKeys.Frontend}", cancellationToken) is null)
                {
                    throw new XenBlockException(
                        XenBlockErrorKind.NotFound,
                        $"{vbd} of domain {frontend.Value} was taken away while it was being made; make it again.");
                }

                var specification = new VbdSpecification
                {
                    Backend = backend,
                    Frontend = frontend,
                    Vbd = vbd,
                    DeviceType = deviceType ?? "disk",
                };
                await WriteEndAsync(
                    transaction,
                    front,
                    frontend,
                    backend,
                    FrontendKeys(specification, back),
                    cancellationToken);
                await RememberAsync(transaction, front, back, frontend, vbd, cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>One disk in the store, or null.</summary>
    public static async Task<VbdEntry?> FindAsync(
        IXenStoreAccess store,
        DomainId backend,
        DomainId frontend,
        VbdNumber vbd,
        CancellationToken cancellationToken = default) =>
        await store.ReadAsync(VbdPaths.Backend(backend, frontend, vbd), cancellationToken) is null
            ? null
            : await ReadEntryAsync(store, backend, frontend, vbd, cancellationToken);

    private static (string Key, string Value)[] OwnKeys(VbdSpecification specification)
    {
        var keys = new List<(string, string)> { (VbdKeys.Specification, "xen") };
        if (specification.Script is { } script) keys.Add((VbdKeys.Script, script));
        if (specification.MadeBy is { } maker) keys.Add((VbdKeys.MadeBy, maker));
        if (specification.Access is { } access) keys.Add((VbdKeys.Access, access));
        return [.. keys];
    }

    // Only of domains that libxl has made: it would take a directory of its own in /libxl for a domain.
    private static async Task RememberAsync(
        IXenStoreAccess transaction,
        string front,
        string back,
        DomainId frontend,
        VbdNumber vbd,
        CancellationToken cancellationToken)
    {
        if (await transaction.ReadAsync(VbdPaths.ToolstackDomain(frontend), cancellationToken) is null) return;
        string path = VbdPaths.Toolstack(frontend, vbd);
        await transaction.WriteAsync($"{path}/{VbdKeys.Frontend}", front, cancellationToken);
        await transaction.WriteAsync($"{path}/{VbdKeys.Backend}", back, cancellationToken);
        await transaction.WriteAsync($"{path}/{VbdKeys.Online}", Flag(true), cancellationToken);
        await transaction.WriteAsync(
            $"{path}/{VbdKeys.State}", XenbusTransitions.Format(XenbusState.Initialising), cancellationToken);
        foreach (string key in _rememberedKeys)
        {
            if (await transaction.ReadAsync($"{back}/{key}", cancellationToken) is { } value)
                await transaction.WriteAsync($"{path}/{key}", value, cancellationToken);
        }
    }
}
