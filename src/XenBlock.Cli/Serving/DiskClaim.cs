using XenBlock.Cli.CommandLine;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.XenStore;

namespace XenBlock.Cli.Serving;

/// <summary>
/// The right to serve a disk, and its nodes: made anew, or taken over from a toolstack, from the kernel's backend, or
/// from a process of ours that died. Disposing gives up the right; the nodes stay unless they are withdrawn.
/// </summary>
internal sealed class DiskClaim : IDisposable
{
    /// <summary>What nodes say that we made.</summary>
    public const string Maker = "xenblk";

    // libxl runs the script of a disk's nodes when it takes the disk away, and complains where none is named. There is
    // nothing left to do then: the backend has ended with the disk.
    private const string NoScript = "/bin/true";

    private readonly HostedMachine _machine;
    private readonly DomainId _frontend;
    private readonly VbdNumber _vbd;
    private readonly DiskLock? _lock;
    private bool _isNew;

    private DiskClaim(HostedMachine machine, DomainId frontend, VbdNumber vbd, DiskLock? held)
    {
        _machine = machine;
        _frontend = frontend;
        _vbd = vbd;
        _lock = held;
    }

    /// <summary>True if the nodes are ours to remove when the disk ends.</summary>
    public bool IsMadeByUs { get; private set; }

    private IXenStore Store => _machine.Domain.Store;

    private DomainId Backend => _machine.Domain.DomainId;

    /// <summary>Claims a disk.</summary>
    /// <exception cref="UsageException">Another process of ours serves it.</exception>
    public static DiskClaim Take(HostedMachine machine, DomainId frontend, VbdNumber vbd)
    {
        // An embedded machine has one process that is dom0, and it is us.
        if (!machine.IsXen)
            return new DiskClaim(machine, frontend, vbd, DiskLock.TryServe(machine.Socket, frontend, vbd));
        DiskLock held = DiskLock.TryServe(frontend, vbd) ?? throw Served(frontend, vbd);
        return new DiskClaim(machine, frontend, vbd, held);
    }

    /// <summary>What is said of a disk that another process of ours serves.</summary>
    public static UsageException Served(DomainId frontend, VbdNumber vbd) => new(
        $"Another xenblk serves {VbdName.Format(vbd)} of domain {frontend.Value}; detach it first: "
            + $"xenblk detach {frontend.Value} {VbdName.Format(vbd)}");

    /// <summary>The nodes of a disk that we make ourselves.</summary>
    public static VbdSpecification NodesOf(
        DomainId backend, DomainId frontend, VbdNumber vbd, string image, bool isReadOnly, string? access) => new()
        {
            Backend = backend,
            Frontend = frontend,
            Vbd = vbd,
            Params = Path.GetFullPath(image),
            IsReadOnly = isReadOnly,
            IsBootable = true,
            Script = NoScript,
            MadeBy = Maker,
            Access = access,
        };

    /// <summary>Makes the backend's nodes, or adopts those that are there and served by nobody.</summary>
    /// <exception cref="UsageException">The kernel serves the disk to a guest.</exception>
    /// <exception cref="XenBlockException">There is no such domain, or XenStore failed.</exception>
    public async Task MakeOrAdoptAsync(VbdSpecification nodes, CancellationToken token)
    {
        if (await VbdNodes.FindAsync(Store, Backend, _frontend, _vbd, token) is { } entry)
        {
            await AdoptAsync(entry, token);
            string directory = VbdPaths.Backend(Backend, _frontend, _vbd);
            await Store.WriteAsync($"{directory}/{VbdKeys.Params}", nodes.Params, token);
            await Store.WriteAsync($"{directory}/{VbdKeys.Mode}", nodes.IsReadOnly ? "r" : "w", token);
            return;
        }

        await VbdNodes.CreateBackendAsync(Store, nodes, token);
        _isNew = true;
        IsMadeByUs = true;
    }

    /// <summary>Adopts a disk that a toolstack made.</summary>
    public async Task AdoptAsync(VbdEntry entry, CancellationToken token)
    {
        if (_machine.IsXen)
            await KernelBackend.LetGoAsync(Store, Backend, _frontend, _vbd, token);
        IsMadeByUs = entry.MadeBy is Maker;
    }

    /// <summary>
    /// Lets the frontend see the disk, now that its backend has published its offer, or tells the toolstack that it
    /// may.
    /// </summary>
    public async Task ShowAsync(CancellationToken token)
    {
        if (!IsMadeByUs)
        {
            string status = $"{VbdPaths.Backend(Backend, _frontend, _vbd)}/{VbdKeys.HotplugStatus}";
            await Store.WriteAsync(status, VbdKeys.HotplugConnected, token);
        }

        await VbdNodes.CreateFrontendAsync(Store, Backend, _frontend, _vbd, token);
    }

    /// <summary>True if we made the nodes and they are still there.</summary>
    public async Task<bool> HasNodesAsync()
    {
        try
        {
            return IsMadeByUs
                && await Store.ReadAsync(VbdPaths.Backend(Backend, _frontend, _vbd)) is not null;
        }
        catch (XenBlockException)
        {
            return false; // XenStore went away
        }
    }

    /// <summary>Removes the nodes if we made them.</summary>
    /// <param name="onlyNew">True to leave alone what was there when we came.</param>
    public async Task WithdrawAsync(bool onlyNew = false)
    {
        if (!IsMadeByUs || (onlyNew && !_isNew))
            return;
        try
        {
            await VbdNodes.RemoveAsync(Store, _frontend, _vbd, force: true);
        }
        catch (XenBlockException)
        {
            // Somebody else removed it, or XenStore went away: either way it is not there.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lock?.Dispose();
}
