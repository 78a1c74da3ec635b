using XenBlock.Hypervisor;
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
    private int _disposed;

    private EmulatedMachine(EmulatedMachineOptions options)
    {
        _options = options;
        _memory = MachineMemory.Create(new MachineLayout(
            options.DomainsMax, options.GrantEntriesMax, options.MaptrackEntriesMax, options.EventChannelsMax));
        _slots = new SlotRegistry(_memory);
    }

    /// <summary>
    /// The machine's XenStore, for what a toolstack does: a connection as dom0 that is there before any domain is, a
    /// socket for the xenstore tools.
    /// </summary>
    public XenStoreServer StoreServer { get; } = new();

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
        return new EmulatedDomain(place, _slots, StoreServer.ConnectInProcess(domain), _options.Time, () =>
        {
            Release(slot, domain);
            return ValueTask.CompletedTask;
        });
    }

    /// <summary>Ends the machine. Domains that still live in this process must not be used after.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await StoreServer.DisposeAsync();
        _slots.EmptyAll();
    }

    private void Release(int slot, DomainId domain)
    {
        // The other order would tell watchers of a death whose channels and mappings still look alive.
        _slots.Release(slot, domain);
        if (_disposed == 0)
            StoreServer.ReleaseDomain(domain);
    }
}
