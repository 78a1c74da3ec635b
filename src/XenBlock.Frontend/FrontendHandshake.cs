using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Frontend;

/// <summary>The way of a vbd from Initialising to Connected, and back to Closed, as its frontend goes it.</summary>
/// <remarks>
/// Sources: the start-up and shut-down notes of xen/include/public/io/blkif.h; Linux drivers/block/xen-blkfront.c. A
/// watch that fires twice, or for nothing, only makes us look again (Linux commit a9b54bb9 is about that).
/// </remarks>
internal sealed class FrontendHandshake
{
    // A backend that lives answers within milliseconds; one that hangs must not hang us.
    private static readonly TimeSpan _closeTimeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan _secondChance = TimeSpan.FromSeconds(1);

    private readonly IHypervisor _hypervisor;
    private readonly VbdDirectory _directory;
    private readonly VbdNumber _vbd;
    private readonly BlockDeviceOptions _options;
    private FrontendWish _wish;
    private AgreedFeatures? _tried;
    private bool _isWishCut;

    public FrontendHandshake(
        IHypervisor hypervisor, VbdDirectory directory, VbdNumber vbd, BlockDeviceOptions options)
    {
        _hypervisor = hypervisor;
        _directory = directory;
        _vbd = vbd;
        _options = options;
        IsTrusted = options.TrustsBackend ?? directory.IsTrusted;
        _wish = new FrontendWish
        {
            IndirectSegmentsMax = options.IndirectSegmentsMax,
            RingPageOrder = options.RingPageOrder,
            QueuesMax = options.CallerPumps ? 1 : options.QueuesMax,
            Persistent = options.Persistent,
            Abi = options.Abi ?? BlkifAbiNames.Native,
        };
    }

    /// <summary>Whether the backend may see more of our pages than a request needs.</summary>
    public bool IsTrusted { get; }

    /// <summary>Connects, within the time of the options.</summary>
    /// <param name="watch">The watch on the backend's state.</param>
    /// <param name="isReconnect">Whether to wait as long as it takes for a backend to be there.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="XenBlockException">It cannot be done, with the reason.</exception>
    public async Task<(DeviceConnection Connection, DiskProperties Disk)> ConnectAsync(
        BackendWatch watch, bool isReconnect, CancellationToken cancellationToken)
    {
        if (isReconnect) await GoToInitialisingAsync(watch, isReconnect, cancellationToken);
        using var timeout = new CancellationTokenSource(_options.ConnectTimeout, _hypervisor.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            if (!isReconnect) await GoToInitialisingAsync(watch, isReconnect, either.Token);
            while (true)
            {
                try
                {
                    return await PublishAsync(watch, either.Token);
                }
                catch (XenBlockException e) when (e.Kind == XenBlockErrorKind.NoSpace && TryWishForLess())
                {
                    // A slower disk is better than none.
                    await GoToInitialisingAsync(watch, isReconnect: false, either.Token);
                }
            }
        }
        catch (OperationCanceledException)
            when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            XenbusState state = await _directory.ReadBackendStateAsync(cancellationToken);
            throw new XenBlockException(XenBlockErrorKind.TimedOut, DescribeTimeout(state));
        }
    }

    /// <summary>
    /// Closes what a backend knows of, waiting a little for it to let go, and gives everything back. Never fails.
    /// </summary>
    /// <returns>The number of pages that the backend held on to.</returns>
    public async Task<int> CloseAsync(
        IConnectionPart connection, BackendWatch watch, bool isPeerAlive, Action revokeRest)
    {
        if (connection.HasClosedChannel) isPeerAlive = false;
        if (isPeerAlive)
        {
            // Linux's backend unmaps at our Closed, others at our Closing: only its own Closed says that it is done.
            await TryAsync(c => GoAsync(XenbusState.Closing, watch, XenbusTransitions.IsLeaving, c));
            await TryAsync(c => GoAsync(
                XenbusState.Closed, watch, s => s is not (XenbusState.Connected or XenbusState.Closing), c));
        }

        revokeRest();
        int kept = connection.Release();
        if (!isPeerAlive) await TryAsync(c => _directory.WriteStateAsync(XenbusState.Closed, c));
        return kept;
    }

    /// <summary>Waits until the backend's state is as wanted; looks first.</summary>
    private async Task<XenbusState> WaitAsync(
        BackendWatch watch, Func<XenbusState, bool> isWanted, CancellationToken cancellationToken)
    {
        while (true)
        {
            XenbusState state = await _directory.ReadBackendStateAsync(cancellationToken);
            if (isWanted(state)) return state;
            await watch.WaitAsync(cancellationToken);
        }
    }

    private async Task GoAsync(
        XenbusState state, BackendWatch watch, Func<XenbusState, bool> isAnswer, CancellationToken cancellationToken)
    {
        await _directory.WriteStateAsync(state, cancellationToken);
        await WaitAsync(watch, isAnswer, cancellationToken);
    }

    /// <summary>Begins from the start, whatever an earlier frontend left, and waits for the backend's offer.</summary>
    private async Task GoToInitialisingAsync(
        BackendWatch watch, bool isReconnect, CancellationToken cancellationToken)
    {
        if (await _directory.ReadStateAsync(cancellationToken) != XenbusState.Initialising)
            await _directory.WriteStateAsync(XenbusState.Initialising, cancellationToken);

        // A backend at 4 still believes in an earlier frontend; it sees our 1 and comes back to 2. Some go to 3.
        while (true)
        {
            XenbusState state = await WaitAsync(
                watch,
                s => s is XenbusState.InitWait or XenbusState.Initialised || XenbusTransitions.IsLeaving(s),
                cancellationToken);
            if (!XenbusTransitions.IsLeaving(state)) return;
            if (isReconnect)
            {
                if (!await _directory.ExistsAsync(cancellationToken)) throw Removed();
                await watch.WaitAsync(cancellationToken);
            }
            else
            {
                await WaitOrThrowAsync(watch, state, cancellationToken);
            }
        }
    }

    private async Task<(DeviceConnection Connection, DiskProperties Disk)> PublishAsync(
        BackendWatch watch, CancellationToken cancellationToken)
    {
        BackendOffer first = BackendOffer.FromKeys(await _directory.ReadBackendKeysAsync(cancellationToken));
        _tried = Agree(first);
        var rings = OfferedRings.Allocate(_hypervisor, _directory.Backend, _tried);
        IConnectionPart part = rings;
        try
        {
            await _directory.WriteAnswerAsync(Answer(rings), cancellationToken);
            XenbusState state = await WaitAsync(
                watch, s => s == XenbusState.Connected || XenbusTransitions.IsLeaving(s), cancellationToken);
            if (state != XenbusState.Connected) throw await DescribeEndAsync(state, cancellationToken);
            IReadOnlyDictionary<string, string> keys = await _directory.ReadBackendKeysAsync(cancellationToken);
            if (!DiskProperties.TryFromKeys(
                    keys, out DiskProperties? disk, out string? problem, _options.SectorUnits))
            {
                throw new XenBlockException(
                    XenBlockErrorKind.PeerViolation, $"{_directory.Name} cannot be used: {problem}");
            }

            // Linux's backend tells of flush, discard and persistent grants only now (connect in xen-blkback's
            // xenbus.c), as Linux's frontend looks for them only now; the rings are what they were agreed to be before.
            BackendOffer offer = BackendOffer.FromKeys(keys) with
            {
                RingPageOrderMax = first.RingPageOrderMax,
                QueuesMax = first.QueuesMax,
            };
            var connection = DeviceConnection.Complete(
                rings, _hypervisor.Grants, _directory.Backend, _vbd, Agree(offer), disk, IsTrusted, _options);
            part = connection;
            await _directory.WriteStateAsync(XenbusState.Connected, cancellationToken);
            return (connection, disk);
        }
        catch
        {
            await CloseAsync(part, watch, isPeerAlive: true, static () => { });
            throw;
        }
    }

    private AgreedFeatures Agree(BackendOffer offer)
    {
        AgreedFeatures agreed = Negotiation.Agree(offer, _wish);
        if (!_isWishCut) return agreed;
        string[] cut = [VbdKeys.RingPageOrder, VbdKeys.MultiQueueNumQueues];
        return agreed with
        {
            Decisions =
            [
                .. agreed.Decisions.Select(decision => cut.Contains(decision.Name, StringComparer.Ordinal)
                    ? decision with { Reason = "this domain may not grant more pages" }
                    : decision),
            ],
        };
    }

    // Smaller rings first: a queue more is worth more than slots that there are no pages for.
    private bool TryWishForLess()
    {
        if (_tried is not { } tried) return false;
        _isWishCut = true;
        if (tried.RingPageOrder > 0) _wish = _wish with { RingPageOrder = tried.RingPageOrder - 1 };
        else if (tried.QueueCount > 1) _wish = _wish with { QueuesMax = tried.QueueCount / 2 };
        else return false;
        return true;
    }

    private FrontendAnswer Answer(OfferedRings rings)
    {
        FrontendAnswer answer = rings.Answer(_options.Persistent);
        return _options.SectorUnits.SegmentsAreLogical ? answer with { LargeSectorSize = true } : answer;
    }

    /// <summary>
    /// A closed backend may begin again, now that we did. One whose directory is not there will not; one that says what
    /// went wrong, perhaps of another time, gets a moment.
    /// </summary>
    private async Task WaitOrThrowAsync(BackendWatch watch, XenbusState state, CancellationToken cancellationToken)
    {
        if (state == XenbusState.Unknown) throw await DescribeEndAsync(state, cancellationToken);
        if (await _directory.ReadBackendErrorAsync(cancellationToken) is not null)
        {
            Task change = watch.Next;
            if (await Task.WhenAny(change, Task.Delay(_secondChance, _hypervisor.Time, cancellationToken)) != change)
                throw await DescribeEndAsync(state, cancellationToken);
        }

        await watch.WaitAsync(cancellationToken);
    }

    private async Task<XenBlockException> DescribeEndAsync(XenbusState state, CancellationToken cancellationToken)
    {
        string name = _directory.Name;
        if (await _directory.ReadBackendErrorAsync(cancellationToken) is { } error)
            return new XenBlockException(XenBlockErrorKind.PeerGone, $"the backend of {name} gave up: {error}");
        return state == XenbusState.Unknown
            ? new XenBlockException(
                XenBlockErrorKind.NotFound,
                $"{name} has no backend: {_directory.BackendPath} is not there; start the backend first")
            : new XenBlockException(
                XenBlockErrorKind.PeerGone, $"the backend of {name} closed it; look at its own messages for the cause");
    }

    private XenBlockException Removed() => new(
        XenBlockErrorKind.NotFound,
        $"{_directory.Name} was taken away: {_directory.FrontendPath} is not there any more");

    private string DescribeTimeout(XenbusState state)
    {
        string seconds = $"{_options.ConnectTimeout.TotalSeconds:0.#} s";
        string where = $"the backend of {_directory.Name} in domain {_directory.Backend.Value}";
        return state switch
        {
            XenbusState.Initialising => $"{where} did not begin within {seconds}; is it running?",
            XenbusState.InitWait => $"{where} did not connect within {seconds}; look at its own messages for the cause",
            XenbusState.Closing or XenbusState.Closed => $"{where} has closed the disk; start it again",
            _ => $"{where} did not answer within {seconds} (it is at {state}); is it running?",
        };
    }

    /// <summary>Does what can be done; a store or a peer that is gone must not keep us from going.</summary>
    private async Task TryAsync(Func<CancellationToken, Task> step)
    {
        using var timeout = new CancellationTokenSource(_closeTimeout, _hypervisor.Time);
        try
        {
            await step(timeout.Token);
        }
        catch (Exception e) when (e is XenBlockException or OperationCanceledException or ObjectDisposedException)
        {
            // The other side did not answer, or the machine is gone.
        }
    }
}
