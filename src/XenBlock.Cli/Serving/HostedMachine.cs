using XenBlock.Cli.CommandLine;
using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Cli.Serving;

/// <summary>
/// The machine that a command works on: one that it hosts itself, or one that it joined. Disposing leaves it, and ends
/// it if it is ours.
/// </summary>
internal sealed class HostedMachine : IAsyncDisposable
{
    private readonly EmulatedMachine? _hosted;

    private HostedMachine(string socket, EmulatedMachine? hosted, EmulatedDomain domain)
    {
        Socket = socket;
        _hosted = hosted;
        Domain = domain;
    }

    /// <summary>Where it listens.</summary>
    public string Socket { get; }

    /// <summary>True if it ends with us.</summary>
    public bool IsHosted => _hosted is not null;

    /// <summary>The domain that we are on it.</summary>
    public EmulatedDomain Domain { get; }

    /// <summary>Joins the machine at a socket as dom0, or makes one and listens there if none is.</summary>
    /// <param name="socket">Where; null for this user's.</param>
    /// <param name="frontends">Domains that a machine of our own is to know from the start.</param>
    /// <param name="token">Gives up.</param>
    public static async Task<HostedMachine> JoinOrHostAsync(
        string? socket, IEnumerable<DomainId> frontends, CancellationToken token)
    {
        string path = socket ?? EmulatedMachine.DefaultSocketPath;
        if (File.Exists(path))
        {
            try
            {
                EmulatedDomain joined = await EmulatedMachine.JoinAsync(
                    path, DomainId.Zero, cancellationToken: token);
                return new HostedMachine(path, hosted: null, joined);
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
            return new HostedMachine(path, machine, machine.AddDomain(DomainId.Zero));
        }
        catch
        {
            await machine.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes a machine that listens for domains, and for XenStore tools beside it.</summary>
    public static EmulatedMachine Host(string socket, IEnumerable<DomainId> frontends)
    {
        EmulatedMachine machine = EmulatedMachine.Create();
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

    /// <summary>Joins the machine at a socket as a frontend's domain.</summary>
    /// <exception cref="UsageException">There is no machine, or the domain is taken.</exception>
    public static async Task<EmulatedDomain> JoinAsync(string? socket, DomainId domain, CancellationToken token)
    {
        string path = socket ?? EmulatedMachine.DefaultSocketPath;
        try
        {
            return await EmulatedMachine.JoinAsync(path, domain, cancellationToken: token);
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
                $"Domain {domain.Value} of the machine at {path} is in use by another process; "
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
}
