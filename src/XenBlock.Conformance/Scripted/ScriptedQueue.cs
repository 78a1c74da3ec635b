using System.Diagnostics.CodeAnalysis;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Conformance;

/// <summary>
/// One queue of a <see cref="ScriptedFrontend"/>: its ring and its event channel, granted to a backend.
/// </summary>
[SuppressMessage("Naming", "CA1711", Justification = "the protocol calls it a queue")]
public sealed class ScriptedQueue : IDisposable
{
    private readonly IHypervisor _hypervisor;
    private readonly BlkifAbi _abi;
    private readonly GrantablePages _pages;
    private readonly GrantReference[] _grants;
    private readonly byte[] _slot;
    private readonly TimeSpan _patience;

    internal ScriptedQueue(IHypervisor hypervisor, DomainId backend, ScriptedFrontendOptions options)
    {
        _hypervisor = hypervisor;
        _abi = options.Abi;
        _patience = options.Patience;
        _pages = hypervisor.Grants.AllocatePages(backend, options.RingPageCount);
        _grants = new GrantReference[options.RingPageCount];
        GrantStatus status = hypervisor.Grants.Offer(_pages, 0, GrantAccess.ReadWrite, _grants);
        if (status != GrantStatus.Okay)
            throw new XenBlockException(XenBlockErrorKind.NoSpace, $"a ring cannot be granted to {backend}: {status}");
        Channel = hypervisor.EventChannels.AllocateUnbound(backend);
        _slot = new byte[BlkifCodec.SlotSizeBytes(_abi)];
        Ring = FrontRing.Create(_pages.Pages, _slot.Length, options.RingStart);
    }

    /// <summary>Its end of the ring, as long as it behaves.</summary>
    public FrontRing Ring { get; private set; }

    /// <summary>The ring's memory, for when it does not.</summary>
    public SharedPages RingPages => _pages.Pages;

    /// <summary>Its event channel.</summary>
    public IEventChannel Channel { get; }

    /// <summary>The grants of the ring's pages.</summary>
    public IReadOnlyList<GrantReference> RingGrants => _grants;

    /// <summary>What is published of it.</summary>
    public QueueAnswer Answer => new() { RingReferences = _grants, EventChannel = Channel.LocalPort };

    /// <summary>Starts the ring over, as a frontend does that connects again.</summary>
    public void ResetRing(uint start = 0) => Ring = FrontRing.Create(_pages.Pages, _slot.Length, start);

    /// <summary>Puts a request into the next slot, whatever it says.</summary>
    public void Put(in BlockRequest request)
    {
        BlkifCodec.WriteRequest(_abi, in request, _slot);
        Ring.PutRequest(_slot);
    }

    /// <summary>Puts raw bytes into the next slot.</summary>
    public void PutRaw(ReadOnlySpan<byte> slot) => Ring.PutRequest(slot);

    /// <summary>Publishes what was put, and notifies if the backend asked for it.</summary>
    public void Publish()
    {
        if (Ring.PushRequests()) Channel.Notify();
    }

    /// <summary>Takes a response, if one is there.</summary>
    public bool TryTake(out BlockResponse response)
    {
        RingTake take = Ring.TryTakeResponse(_slot);
        if (take == RingTake.PeerViolation)
        {
            throw new XenBlockException(
                XenBlockErrorKind.PeerViolation, $"the backend's index is impossible: {Ring}");
        }

        response = take == RingTake.Taken ? BlkifCodec.ReadResponse(_slot) : default;
        return take == RingTake.Taken;
    }

    /// <summary>Waits for the next response.</summary>
    /// <exception cref="XenBlockException">
    /// None came within <see cref="ScriptedFrontendOptions.Patience"/>, or the backend's index is impossible.
    /// </exception>
    public BlockResponse Take()
    {
        long start = _hypervisor.Time.GetTimestamp();
        while (true)
        {
            if (TryTake(out BlockResponse response)) return response;
            if (Ring.FinalCheckForResponses()) continue;
            Channel.Wait(TimeSpan.FromMilliseconds(100));
            if (_hypervisor.Time.GetElapsedTime(start) > _patience)
            {
                throw new XenBlockException(
                    XenBlockErrorKind.TimedOut, $"no response within {_patience.TotalSeconds:0.#} s: {Ring}");
            }
        }
    }

    /// <summary>Puts one request, publishes it and waits for its response.</summary>
    public BlockResponse Ask(in BlockRequest request)
    {
        Put(in request);
        Publish();
        return Take();
    }

    /// <summary>Takes the ring's grants back; tells how many pages the backend still has mapped.</summary>
    public int Revoke() => _grants.Length - _hypervisor.Grants.Revoke(_grants, new bool[_grants.Length]);

    /// <inheritdoc/>
    public void Dispose()
    {
        Channel.Dispose();
        _pages.Dispose();
    }
}
