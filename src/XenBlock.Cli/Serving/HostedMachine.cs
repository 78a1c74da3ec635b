using XenBlock.Cli.CommandLine;
using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Xen;

namespace XenBlock.Cli.Serving;

/// <summary>
/// The machine that a command works on: real Xen, an embedded machine that it joined, or one that it hosts itself.
/// Disposing leaves it, and ends it if it is ours.
/// </summary>
internal sealed class HostedMachine : IAsyncDisposable
{
    private const string GrantDevice = "/dev/xen/gntdev";
    private readonly EmulatedMachine? _hosted;

    private HostedMachine(MachineChoice choice, EmulatedMachine? hosted, IHypervisor domain, Task<string> gone)
    {
        Choice = choice;
        _hosted = hosted;
        Domain = domain;
        Gone = gone;
    }

    /// <summary>Which one it is.</summary>
    public MachineChoice Choice { get; }

    /// <summary>Where it listens; "xen" for Xen.</summary>
    public string Socket => Choice.Socket ?? MachineChoice.XenWord;

    /// <summary>True for real Xen.</summary>
    public bool IsXen => Choice.IsXen;

    /// <summary>True if it ends with us.</summary>
    public bool IsHosted => _hosted is not null;

    /// <summary>The domain that we are on it.</summary>
    public IHypervisor Domain { get; }

    /// <summary>Completes with the reason when the machine is gone; on Xen, when XenStore is. Never faults.</summary>
    public Task<string> Gone { get; }

    /// <summary>
    /// Joins the machine as the domain that serves: on Xen our own, else dom0 of the embedded machine; where there is
    /// none, makes one and listens there.
    /// </summary>
    /// <param name="choice">Which machine.</param>
    /// <param name="frontends">Domains that a machine of our own is to know from the start.</param>
    /// <param name="token">Gives up.</param>
    public static async Task<HostedMachine> JoinOrHostAsync(
        MachineChoice choice, IEnumerable<DomainId> frontends, CancellationToken token)
    {
        if (choice.IsXen)
        {
            RequireGrantDevice();
            return await OpenXenAsync(choice, token);
        }

        string path = choice.Socket!;
        if (File.Exists(path))
        {
            try
            {
                return Joined(choice, await EmulatedMachine.JoinAsync(path, DomainId.Zero, cancellationToken: token));
            }
            catch (XenBlockException nobody) when (nobody.Kind == XenBlockErrorKind.NotFound)
            {
                // A socket file that a dead process left behind: we host, and it is replaced.
            }
            catch (XenBlockException taken) when (taken.Kind == XenBlockErrorKind.InUse)
            {
                throw new UsageException(
                    $"Another backend is dom0 of the machine at {path}; stop it, give it this disk too, "
                        + "or start a machine of your own with --machine OTHER.sock.");
            }
        }

        EmulatedMachine machine = Host(path, frontends);
        try
        {
            EmulatedDomain domain = machine.AddDomain(DomainId.Zero);
            return new HostedMachine(choice, machine, domain, domain.MachineGone);
        }
        catch
        {
            await machine.DisposeAsync();
            throw;
        }
    }

    /// <summary>Says what is missing before a disk is made that could not be served once its guest comes.</summary>
    /// <exception cref="UsageException">This Linux cannot map what guests grant.</exception>
    public static void RequireGrantDevice()
    {
        if (XenDomain.RunsOnXen && !File.Exists(GrantDevice))
        {
            throw new UsageException(
                $"{GrantDevice} is not there: its driver is not loaded; load it with: modprobe xen-gntdev.");
        }
    }

    /// <summary>Makes a machine that listens for domains, and for XenStore tools beside it.</summary>
    /// <param name="socket">Where.</param>
    /// <param name="frontends">Domains that it knows from the start.</param>
    /// <param name="preservesCrashed">Whether the memory of domains that crash is kept.</param>
    public static EmulatedMachine Host(string socket, IEnumerable<DomainId> frontends, bool preservesCrashed = false)
    {
        EmulatedMachine machine =
            EmulatedMachine.Create(new EmulatedMachineOptions { PreservesCrashed = preservesCrashed });
        try
        {
            machine.Listen(string.Equals(socket, EmulatedMachine.DefaultSocketPath, StringComparison.Ordinal)
                ? null
                : socket);
            machine.StoreServer.ListenUnix(Sockets.StoreOf(socket));
            foreach (DomainId frontend in frontends)
                machine.StoreServer.IntroduceDomain(frontend);
            return machine;
        }
        catch
        {
            // Nobody has joined: there is nothing to wait for.
            machine.DisposeAsync().AsTask().GetAwaiter().GetResult();
            throw;
        }
    }

    /// <summary>
    /// Joins the machine as the domain that uses disks: on Xen our own, else a domain of the embedded machine.
    /// </summary>
    /// <param name="choice">Which machine.</param>
    /// <param name="domain">The domain that the user named, or null.</param>
    /// <param name="token">Gives up.</param>
    /// <exception cref="UsageException">There is no machine, or we cannot be that domain.</exception>
    /// <exception cref="DomainInUseException">Another process is that domain.</exception>
    public static async Task<HostedMachine> JoinAsync(MachineChoice choice, int? domain, CancellationToken token)
    {
        if (choice.IsXen)
            return await OpenOwnAsync(choice, domain, token);
        string path = choice.Socket!;
        DomainId frontend = CommonOptions.FrontendDomain(domain ?? CommonOptions.UsualDomain);
        try
        {
            return Joined(choice, await EmulatedMachine.JoinAsync(path, frontend, cancellationToken: token));
        }
        catch (XenBlockException nobody) when (nobody.Kind == XenBlockErrorKind.NotFound)
        {
            throw new UsageException(
                $"No machine listens at {path}; start one with a disk: xenblk serve disk.raw, "
                    + "or name another with --machine.");
        }
        catch (XenBlockException taken) when (taken.Kind == XenBlockErrorKind.InUse)
        {
            throw new DomainInUseException(
                $"Domain {frontend.Value} of the machine at {path} is in use by another process; "
                    + "wait for it, or be another domain with --domain.");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Domain.DisposeAsync();
        if (_hosted is not null)
            await _hosted.DisposeAsync();
    }

    private static HostedMachine Joined(MachineChoice choice, EmulatedDomain domain) =>
        new(choice, hosted: null, domain, domain.MachineGone);

    private static async Task<HostedMachine> OpenXenAsync(MachineChoice choice, CancellationToken token)
    {
        XenDomain domain = await XenDomain.OpenAsync(token);
        return new HostedMachine(choice, hosted: null, domain, domain.Store.Disconnected);
    }

    // A process cannot be another domain than the one that it runs in.
    private static async Task<HostedMachine> OpenOwnAsync(MachineChoice choice, int? domain, CancellationToken token)
    {
        HostedMachine machine = await OpenXenAsync(choice, token);
        int own = machine.Domain.DomainId.Value;
        if (domain is null || domain == own)
            return machine;
        await machine.DisposeAsync();
        throw new UsageException(
            $"This is domain {own}: on Xen its own disks are all that it can use, not those of domain {domain}; "
                + "run this in that domain, or leave --domain out.");
    }
}
