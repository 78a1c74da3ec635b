using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Emulator;

/// <summary>
/// A domain of an embedded machine, in this process: either that which hosts the machine, or one that joined.
/// </summary>
public sealed class EmulatedDomain : IHypervisor
{
    private readonly EmulatedGrantMapper _mapper;
    private readonly EmulatedEventChannels _eventChannels;
    private readonly EmulatedGrantTable _grants;
    private readonly Func<ValueTask> _leave;
    private readonly TaskCompletionSource<string> _machineGone =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private int _left;

    internal EmulatedDomain(
        DomainPlace place, IMemoryDirectory directory, IXenStore store, TimeProvider time, Func<ValueTask> leave)
    {
        DomainId = place.Domain;
        Store = store;
        Time = time;
        _leave = leave;
        _mapper = new EmulatedGrantMapper(
            place.Machine, directory, place.Slot, place.Domain, place.Mapping, place.Fence);
        _grants = new EmulatedGrantTable(place.Machine, place.Memory, place.Domain, place.Slot);
        _eventChannels = new EmulatedEventChannels(place.Machine, place.Slot, place.Domain);
        string mapping = place.Mapping == GrantMappingMode.Mmap
            ? "real mmap"
            : "grants by pointer where they are contiguous";
        Description = $"embedded machine, {mapping}{(place.Fence ? ", fenced" : "")}";
    }

    /// <inheritdoc/>
    public DomainId DomainId { get; }

    /// <inheritdoc/>
    public string Description { get; }

    /// <inheritdoc/>
    public IGrantTable Grants => _grants;

    /// <inheritdoc/>
    public IGrantMapper Mapper => _mapper;

    /// <inheritdoc/>
    public IEventChannels EventChannels => _eventChannels;

    /// <inheritdoc/>
    public IXenStore Store { get; }

    /// <inheritdoc/>
    public TimeProvider Time { get; }

    /// <summary>
    /// Completes when the process that hosts the machine is gone, with a sentence; never faults. By then every channel
    /// is <see cref="EventChannelState.PeerClosed"/> and its waiter was woken.
    /// </summary>
    public Task<string> MachineGone => _machineGone.Task;

    /// <summary>
    /// Pages of our memory that nobody uses, and pages that were given back while a peer had them mapped: those wait
    /// until it lets go (S14).
    /// </summary>
    public (int Free, int Quarantined) PageCounts => _grants.PageCounts;

    /// <summary>
    /// Leaves the machine: channels close, mappings and grants end, the number is free again. Whoever still runs on our
    /// rings or buffers must have stopped before.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _left, 1) != 0)
            return;
        _eventChannels.CloseAll();
        _mapper.Close();
        await Store.DisposeAsync();
        await _leave();
    }

    /// <summary>The host is gone: nobody is at the other end of anything.</summary>
    internal void TellMachineGone(string why)
    {
        // We may have hung up ourselves.
        if (_left != 0)
            return;
        _eventChannels.TellMachineGone();
        _ = _machineGone.TrySetResult(why);
    }
}
