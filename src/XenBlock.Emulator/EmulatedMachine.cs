using XenBlock.Hypervisor;
using XenBlock.Native;
using XenBlock.Protocol;
using XenBlock.XenStore;

namespace XenBlock.Emulator;

/// <summary>
/// A machine of several domains in shared memory, with no Xen at all. The process that makes it hosts it; domains live
/// in this process, or in others that join by a unix socket and may be killed at any moment.
/// </summary>
public sealed class EmulatedMachine : IAsyncDisposable
{
    private readonly EmulatedMachineOptions _options;
    private readonly MachineMemory _memory;
    private readonly SlotRegistry _slots;
    private readonly MachineHost _host;
    private readonly Lock _gate = new();
    private readonly HashSet<EmulatedDomain> _domains = [];
    private int _disposed;

    private EmulatedMachine(EmulatedMachineOptions options)
    {
        _options = options;
        _memory = MachineMemory.Create(new MachineLayout(
            options.DomainsMax, options.GrantEntriesMax, options.MaptrackEntriesMax, options.EventChannelsMax));
        _slots = new SlotRegistry(_memory);
        _host = new MachineHost(options, _memory, _slots, StoreServer);
    }

    /// <summary>
    /// Where a machine listens if nothing else is said: $XDG_RUNTIME_DIR/xenblk/machine.sock, or
    /// /tmp/xenblk-UID/machine.sock.
    /// </summary>
    public static string DefaultSocketPath
    {
        get
        {
            string? runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
            string directory = !string.IsNullOrEmpty(runtime) && Directory.Exists(runtime)
                ? Path.Combine(runtime, "xenblk")
                : Path.Combine("/tmp", $"xenblk-{Processor.UserId}");
            return Path.Combine(directory, "machine.sock");
        }
    }

    /// <summary>
    /// The machine's XenStore, for what a toolstack does: a connection as dom0 that is there before any domain is, a
    /// socket for the xenstore tools.
    /// </summary>
    public XenStoreServer StoreServer { get; } = new();

    /// <summary>What the domains share, for tests that look behind the contract.</summary>
    internal MachineMemory Memory => _memory;

    /// <summary>Makes a machine that this process hosts.</summary>
    /// <exception cref="XenBlockException">There is no memory for it.</exception>
    public static EmulatedMachine Create(EmulatedMachineOptions? options = null) => new(options ?? new());

    /// <summary>Adds a domain that lives in this process.</summary>
    /// <param name="domain">Its number.</param>
    /// <param name="options">Its size and ways.</param>
    /// <exception cref="XenBlockException">The number is taken or reserved, or the machine is full.</exception>
    public EmulatedDomain AddDomain(DomainId domain, EmulatedDomainOptions? options = null)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        options ??= new();
        (int slot, _, DomainMemory own) = _slots.Claim(domain, options.MemoryBytes);
        DomainPlace place = new(
            _memory, slot, domain, own, options.Mapping ?? _options.Mapping, options.Fence ?? _options.Fence);
        StoreServer.IntroduceDomain(domain);
        EmulatedDomain? added = null;
        added = new EmulatedDomain(place, _slots, StoreServer.ConnectInProcess(domain), _options.Time, () =>
        {
            Release(slot, added!);
            return ValueTask.CompletedTask;
        });
        lock (_gate)
            _ = _domains.Add(added);
        return added;
    }

    /// <summary>
    /// Lets processes of this user join at a unix socket. A socket file that nobody listens on is replaced; the
    /// directory of <see cref="DefaultSocketPath"/> is made.
    /// </summary>
    /// <exception cref="XenBlockException">The path is taken, too long, or its directory is missing or not
    /// ours.</exception>
    public void Listen(string? socketPath = null)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (socketPath is null || string.Equals(socketPath, DefaultSocketPath, StringComparison.Ordinal))
            MakeDefaultDirectory();
        _host.Listen(socketPath ?? DefaultSocketPath);
    }

    /// <summary>Joins a machine that another process hosts, as one of its domains.</summary>
    /// <param name="socketPath">Where it listens; null for <see cref="DefaultSocketPath"/>.</param>
    /// <param name="domain">Our number; null for the lowest free one from 1 on.</param>
    /// <param name="options">Our size and ways.</param>
    /// <param name="time">Our time; null for the system's.</param>
    /// <param name="cancellationToken">Gives up before anything is asked.</param>
    /// <exception cref="XenBlockException">There is no machine there, or the number is taken.</exception>
    public static Task<EmulatedDomain> JoinAsync(
        string? socketPath = null,
        DomainId? domain = null,
        EmulatedDomainOptions? options = null,
        TimeProvider? time = null,
        CancellationToken cancellationToken = default) => Task.Run(
            () => MachineMember.Join(
                socketPath ?? DefaultSocketPath, domain, options ?? new(), time ?? TimeProvider.System),
            cancellationToken);

    /// <summary>
    /// Ends the machine. Domains that still live in this process, or in others, learn that it is gone.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _memory.MarkMachineGone();
        await _host.CloseAsync();
        EmulatedDomain[] orphans;
        lock (_gate)
            orphans = [.. _domains];
        foreach (EmulatedDomain orphan in orphans)
            orphan.TellMachineGone("The machine is gone: this process has ended it.");
        await StoreServer.DisposeAsync();
        _slots.EmptyAll();
    }

    // Only we may look in: a directory of that name that others can write to could hold a socket of theirs.
    private static void MakeDefaultDirectory()
    {
        const UnixFileMode Ours = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        string directory = Path.GetDirectoryName(DefaultSocketPath)!;
        try
        {
            DirectoryInfo made = OperatingSystem.IsWindows()
                ? throw new PlatformNotSupportedException("XenBlock runs on Linux.")
                : Directory.CreateDirectory(directory, Ours);
            if (made.UnixFileMode == Ours)
                return;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw NotOurs(exception);
        }

        throw NotOurs(null);

        XenBlockException NotOurs(Exception? cause) => new(
            XenBlockErrorKind.PermissionDenied,
            $"The directory '{directory}' is not ours alone. Remove it, or listen at another socket.",
            Errno.EACCES,
            cause);
    }

    private void Release(int slot, EmulatedDomain domain)
    {
        lock (_gate)
            _ = _domains.Remove(domain);

        // The other order would tell watchers of a death whose channels and mappings still look alive.
        _slots.Release(slot, domain.DomainId);
        if (_disposed == 0)
            StoreServer.ReleaseDomain(domain.DomainId);
    }
}
