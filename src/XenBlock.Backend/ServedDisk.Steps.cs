using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Storage;

namespace XenBlock.Backend;

/// <content>
/// What each pair of states asks for (reference: the state machine of xen/include/public/io/blkif.h).
/// </content>
public sealed partial class ServedDisk
{
    // Null to go on, else why it is over.
    private async Task<string?> StepAsync()
    {
        VbdView view = await _directory.LookAsync();
        if (!view.Exists) return $"the toolstack removed {Vdev} of {Frontend}";

        // A toolstack asks for the end by online = 0 and our own state = Closing (libxl does).
        if (!view.IsOnline && view.BackendState == XenbusState.Closing && _state != XenbusState.Closing)
            _isStopping = true;
        if (_connection is { Ended.IsCompleted: true })
            await AfterQueueEndedAsync(_connection, view.FrontendState);
        if (_isStopping) return await StepTowardsEndAsync(view);
        if (_isResized) await PublishResizeAsync();
        switch (view.FrontendState)
        {
            case XenbusState.Initialising or XenbusState.InitWait:
                await DisconnectAsync();
                if (_state != XenbusState.InitWait) await PublishReadyAsync();
                break;
            case XenbusState.Initialised or XenbusState.Connected:
                await StepReadyFrontendAsync();
                break;
            case XenbusState.Closing:
                // It may still have requests: a Linux guest whose disk is mounted stays here until it is not (before
                // 5.15), and goes on using it. Its own Closed says that it is done, as for Linux's blkback.
                if (_state is not (XenbusState.Closing or XenbusState.Closed))
                    await SetStateAsync(XenbusState.Closing);
                break;
            case XenbusState.Closed:
                await DisconnectAsync();
                if (_state is not (XenbusState.InitWait or XenbusState.Closed)) await SetStateAsync(XenbusState.Closed);
                break;
            case XenbusState.Unknown:
                // Its directory is gone, or says nothing sensible: be ready for whoever comes next.
                await DisconnectAsync();
                if (_state != XenbusState.InitWait) await PublishReadyAsync();
                break;
            default:
                break; // Reconfiguring and the like: not for block devices
        }

        bool isGone = view.FrontendState is XenbusState.Closed or XenbusState.Unknown;
        if (view.IsOnline || !isGone || _connection is not null) return null;
        if (_state != XenbusState.Closed) await SetStateAsync(XenbusState.Closed);
        return "the frontend closed, and the toolstack had taken the disk offline";
    }

    private async Task<string?> StepTowardsEndAsync(VbdView view)
    {
        bool isServing = _connection is not null
            && (XenbusTransitions.FrontendIsReady(view.FrontendState) || view.FrontendState == XenbusState.Closing);
        if (isServing && !_isForced)
        {
            if (_state != XenbusState.Closing) await SetStateAsync(XenbusState.Closing);
            return null;
        }

        await DisconnectAsync();
        await SetStateAsync(XenbusState.Closed);
        return "stopped";
    }

    private async Task AfterQueueEndedAsync(DiskConnection connection, XenbusState frontendState)
    {
        QueueEnd end = await connection.Ended;
        await DisconnectAsync();
        _lastError = end.Reason;
        TellOfChange();
        if (end.Kind == QueueEndKind.PeerGone) BackendEvents.Log.Failed(Frontend.Value, _name, end.Reason);
        if (_isStopping) return;
        if (end.Kind == QueueEndKind.PeerGone)
        {
            // Ready for the next one; a frontend that is closing in order is answered as its state asks.
            _deadAnswer = connection.Answer;
            if (XenbusTransitions.FrontendIsReady(frontendState)) await PublishReadyAsync();
            return;
        }

        // The frontend must close and begin again; what it has published is not tried a second time.
        await FailAsync(end.Reason);
    }

    private async Task StepReadyFrontendAsync()
    {
        if (_state is XenbusState.Closing or XenbusState.Closed) return; // it has to go back to 1 first
        IReadOnlyDictionary<string, string>? keys = await _directory.ReadFrontendAsync(_offer);
        if (keys is null) return;
        bool isUsable = FrontendAnswer.TryFromKeys(
            keys, _offer, _options.AbiDefault, out FrontendAnswer? answer, out string? problem);
        if (_connection is not null)
        {
            // The usual case: the frontend went on to Connected, or an event came twice.
            if (isUsable && DiskConnection.IsSame(answer!, _connection.Answer)) return;
            await DisconnectAsync();
        }

        if (!isUsable)
        {
            _counters.ConnectFailures++;
            await FailAsync(problem!);
            return;
        }

        bool isDeadOne = _deadAnswer is not null && DiskConnection.IsSame(answer!, _deadAnswer);
        try
        {
            await ConnectAsync(answer!);
            _deadAnswer = null;
        }
        catch (XenBlockException exception) when (exception.Kind != XenBlockErrorKind.MachineGone)
        {
            // What a dead frontend left behind is no mistake of anybody's; it waits for the next one.
            if (isDeadOne) return;
            _counters.ConnectFailures++;
            await FailAsync(exception.Message);
        }
    }

    private async Task ConnectAsync(FrontendAnswer answer)
    {
        AgreedFeatures agreed = Negotiation.Agree(_offer, answer);
        StoreGeometry geometry = _store.Geometry;
        var plan = new ConnectionPlan
        {
            Hypervisor = _hypervisor,
            Frontend = Frontend,
            Answer = answer,
            Agreed = agreed,
            Store = _store,
            Options = _options,
            PersistentBudget = _persistentBudget,
            Durations = new RequestDurations(_hypervisor.Time, this),
            Failures = _failures,
            Limits = Limits(geometry),
            Disk = $"{Frontend.Value}/{Vdev}",
            Name = $"vbd {Frontend.Value} {Vdev}",
        };
        (DiskConnection connection, string? lost) = await OpenAsync(plan);
        _connection = connection;
        _agreed = agreed;
        _ = KickWhenEndedAsync(connection);
        try
        {
            if (lost is not null) await FailAsync(lost);
            else await SetStateAsync(XenbusState.Connected, ConnectedKeys(geometry));
        }
        catch
        {
            await DisconnectAsync();
            throw;
        }

        _counters.Connects++;
        if (BackendEvents.Log.IsEnabled())
            BackendEvents.Log.Connected(Frontend.Value, _name, string.Join("; ", agreed.Decisions));
        connection.Start();
    }

    /// <summary>
    /// A connection; or, where the requests under way are lost, one that answers all there is and all that comes with
    /// an error, until the frontend has closed. Linux's blkfront ends no request by itself: without an answer to each
    /// it waits for ever, and takes its whole xenbus along when the disk is to go (del_gendisk, in
    /// drivers/block/xen-blkfront.c). Nothing is done to the image, so that no answer can be a wrong one.
    /// </summary>
    private async Task<(DiskConnection Connection, string? Lost)> OpenAsync(ConnectionPlan plan)
    {
        try
        {
            return (await DiskConnection.OpenAsync(plan, _counters.Queues), null);
        }
        catch (RequestsLostException exception)
        {
            var refusing = new FaultyBlockStore(_store, new FaultyBlockStoreOptions { EveryNth = 1 });
            ConnectionPlan closing = plan with
            {
                Store = refusing,
                Failures = null, // not the image's
                Options = _options with { InFlightPath = null },
            };
            return (await DiskConnection.OpenAsync(closing, _counters.Queues), exception.Message);
        }
    }

    private async Task KickWhenEndedAsync(DiskConnection connection)
    {
        await connection.Ended;
        Kick();
    }

    private async Task DisconnectAsync()
    {
        if (_connection is not { } connection) return;
        _connection = null;
        await connection.CloseAsync();
        _counters.Disconnects++;
        BackendEvents.Log.Disconnected(Frontend.Value, _name);
    }

    private async Task PublishReadyAsync()
    {
        var keys = new Dictionary<string, string>(_offer.ToKeys(), StringComparer.Ordinal);
        await SetStateAsync(XenbusState.InitWait, keys);
    }

    private async Task PublishResizeAsync()
    {
        _isResized = false;
        if (_connection is null) return; // the next connect tells it
        StoreGeometry geometry = _store.Geometry;
        _connection.SetLimits(Limits(geometry));
        await SetStateAsync(_state, Properties(geometry).ToKeys(_options.SectorUnits));
    }

    // With the reasons from the start: a node that came later would look like one that was left behind.
    private Dictionary<string, string> ConnectedKeys(StoreGeometry geometry) =>
        new(Properties(geometry).ToKeys(_options.SectorUnits), StringComparer.Ordinal)
        {
            [VbdKeys.AccessReasons] = AccessReasons!,
        };

    private async Task SetStateAsync(XenbusState state, IReadOnlyDictionary<string, string>? keys = null)
    {
        await _directory.PublishAsync(state, keys, error: null);
        _state = state;
        TellOfChange();
    }

    private void TellOfChange() => Interlocked
        .Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))
        .TrySetResult();

    private async Task FailAsync(string problem)
    {
        _lastError = problem;
        BackendEvents.Log.Failed(Frontend.Value, _name, problem);
        await _directory.PublishAsync(XenbusState.Closing, keys: null, problem);
        _state = XenbusState.Closing;
        TellOfChange();
    }

    private int QueuesMax => Math.Clamp(_options.QueuesMax, 1, ProtocolConstants.QueuesMax);

    private BackendOffer MakeOffer(StoreGeometry geometry)
    {
        int indirect = Math.Clamp(_options.IndirectSegmentsMax, 0, ProtocolConstants.IndirectSegmentsMax);
        if (_options.Access != PayloadAccess.Copy) indirect = Math.Min(indirect, _hypervisor.Mapper.PagesPerMapMax);
        bool discards = geometry.SupportsDiscard && !_isReadOnly && _directory.AllowsDiscard;
        return new BackendOffer
        {
            Flush = geometry.SupportsFlush,
            Barrier = geometry.SupportsFlush && !_isReadOnly,
            Discard = discards,
            SecureDiscard = discards && geometry.SupportsSecureDiscard,
            DiscardGranularityBytes = discards ? (uint)geometry.DiscardGranularityBytes : 0,
            Persistent = _options.Access is PayloadAccess.Persistent or PayloadAccess.Auto,
            IndirectSegmentsMax = indirect,
            RingPageOrderMax = Math.Clamp(_options.RingPageOrderMax, 0, ProtocolConstants.RingPageOrderMax),
            QueuesMax = QueuesMax,
        };
    }

    private DiskLimits Limits(StoreGeometry geometry) =>
        new((ulong)(geometry.SizeBytes / ProtocolConstants.SectorSizeBytes), geometry.SectorSizeBytes)
        {
            IsReadOnly = _isReadOnly,
            IndirectSegmentsMax = _offer.IndirectSegmentsMax,
            AllowsFlush = _offer.Flush,
            AllowsBarrier = _offer.Barrier,
            AllowsDiscard = _offer.Discard,
            AllowsSecureDiscard = _offer.SecureDiscard,
        };

    private DiskProperties Properties(StoreGeometry geometry) => new()
    {
        SectorCount = (ulong)(geometry.SizeBytes / ProtocolConstants.SectorSizeBytes),
        SectorSizeBytes = geometry.SectorSizeBytes,
        PhysicalSectorSizeBytes = geometry.PhysicalSectorSizeBytes,
        Info = _directory.Info | (_isReadOnly ? VbdInfo.ReadOnly : VbdInfo.None),
    };
}
