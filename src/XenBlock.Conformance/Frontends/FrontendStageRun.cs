using System.Globalization;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Conformance;

/// <summary>One stage from the making of the disk to its removal.</summary>
internal sealed class FrontendStageRun : IAsyncDisposable
{
    private static readonly BackendOffer _full = new()
    {
        Flush = true,
        Barrier = true,
        Discard = true,
        DiscardGranularityBytes = ProtocolConstants.PageSizeBytes,
        Persistent = true,
        IndirectSegmentsMax = 64,
        RingPageOrderMax = ProtocolConstants.RingPageOrderMax,
        QueuesMax = 4,
    };

    private static readonly TimeSpan _grace = TimeSpan.FromMilliseconds(200);

    private readonly IFrontendUnderTest _peer;
    private readonly FrontendCheckOptions _options;
    private readonly FrontendProbe _probe;
    private readonly ScriptedBackend _backend;
    private readonly StageRecord _record;
    private readonly List<FrontendLine> _lines = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly List<XenbusState> _states = [];
    private Task[] _serving = [];
    private XenbusState _ownState = XenbusState.Initialising;

    public FrontendStageRun(
        FrontendProbe probe, VbdNumber vbd, IFrontendUnderTest peer, FrontendCheckOptions options, FrontendStage stage)
    {
        _probe = probe;
        _peer = peer;
        _options = options;
        _record = new StageRecord(stage) { Offer = stage == FrontendStage.Bare ? new BackendOffer() : _full };
        _backend = new ScriptedBackend(probe.Hypervisor, probe.Frontend, vbd) { Patience = options.Check.Patience };
    }

    private IHypervisor Hypervisor => _probe.Hypervisor;

    private TimeSpan Patience => _options.Check.Patience;

    /// <summary>Runs it.</summary>
    public async Task<StageRecord> RunAsync(CancellationToken cancellationToken)
    {
        await _peer.MakeDiskAsync(cancellationToken);
        using var traffic = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<TrafficOutcome>? working = null;
        try
        {
            await _backend.OfferAsync(_record.Offer);
            _ownState = XenbusState.InitWait;
            await _peer.ShowDiskAsync(cancellationToken);
            working = _peer.RunTrafficAsync(_record.Stage, traffic.Token);
            if (await ConnectAsync(working))
            {
                _serving = [.. _lines.Select(line => Task.Factory.StartNew(
                    () => line.Serve(_stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning,
                    TaskScheduler.Default))];
                await FollowAsync(working, cancellationToken);
            }
        }
        catch (XenBlockException exception) when (exception.Kind is not XenBlockErrorKind.MachineGone)
        {
            _record.Broken ??= exception.Message;
        }
        finally
        {
            _record.States = [.. _states];
            await EndAsync(traffic, working);
        }

        return _record;
    }

    public async ValueTask DisposeAsync()
    {
        await _backend.DisposeAsync();
        _stop.Dispose();
    }

    // True once the frontend's rings are mapped, and it knows that it is connected.
    private async Task<bool> ConnectAsync(Task<TrafficOutcome> working)
    {
        if (!await UntilFrontendAsync(XenbusTransitions.FrontendIsReady, working))
        {
            _record.Broken = $"the frontend stays at {LastState()} and publishes no ring within "
                + $"{Patience.TotalSeconds:0.#} s" + Said(working);
            return false;
        }

        _record.Keys = await _backend.ReadFrontendAsync();
        bool isUsable = FrontendAnswer.TryFromKeys(
            _record.Keys, _record.Offer, BlkifAbiNames.Native, out FrontendAnswer? answer, out string? problem);
        _record.Answer = answer;
        _record.AnswerProblem = problem;
        if (!isUsable)
        {
            _record.Broken = problem;
            return false;
        }

        for (int i = 0; i < answer!.Queues.Count; i++)
        {
            FrontendLine line = FrontendLine.Attach(_probe, _record, i);
            _lines.Add(line);
            Inspect(line.RingPages, i);
        }

        await PublishDiskAsync(XenbusState.Connected);
        _record.IsConnected = await UntilFrontendAsync(state => state == XenbusState.Connected, working);
        if (_record.IsConnected) return true;
        _record.Broken = $"the frontend stays at {LastState()} though the backend is at Connected" + Said(working);
        return false;
    }

    // Follows the frontend's state while its user works, does what the stage is about, and closes in the end.
    private async Task FollowAsync(Task<TrafficOutcome> working, CancellationToken cancellationToken)
    {
        await using IXenStoreWatch watch = await Hypervisor.Store.WatchAsync(
            $"{_backend.FrontendPath}/{VbdKeys.State}", cancellationToken);
        Task change = watch.NextAsync(_stop.Token).AsTask();
        Task acting = _probe.Acting;
        Task limit = DelayAsync(_options.TrafficLimit);
        Task silenced = _probe.Silenced;
        bool isEnding = false;
        while (true)
        {
            Task first = await Task.WhenAny(
                isEnding ? limit : working, change, acting, silenced, limit).WaitAsync(cancellationToken);
            XenbusState state = await LookAsync();
            if (first == change) change = watch.NextAsync(_stop.Token).AsTask();
            if (first == acting) acting = await ActAsync();
            if (first == silenced)
            {
                // What the frontend does now is its answer; it gets a moment, and then it is asked to close.
                silenced = DelayAsync(Timeout.InfiniteTimeSpan);
                limit = DelayAsync(TimeSpan.FromSeconds(Math.Min(2, Patience.TotalSeconds)));
                continue;
            }

            if (XenbusTransitions.IsLeaving(state) && _ownState == XenbusState.Connected)
                await PublishAsync(XenbusState.Closing);
            if (state is XenbusState.Closed or XenbusState.Unknown)
            {
                // What was on the rings when it closed is answered yet: Linux's frontend waits for it in places.
                _record.IsClosed = true;
                await DelayAsync(_grace);
                return;
            }

            if (!isEnding && (working.IsCompleted || first == limit))
            {
                isEnding = true;
                limit = DelayAsync(Patience);
                if (_ownState == XenbusState.Connected) await PublishAsync(XenbusState.Closing);
            }
            else if (isEnding && first == limit)
            {
                _record.IsClosed = state == XenbusState.Closing; // as far as an end that is in use can go
                return;
            }
        }
    }

    private async Task<Task> ActAsync()
    {
        if (_record.Stage == FrontendStage.Resize)
        {
            _probe.Grow();
            await PublishDiskAsync(XenbusState.Connected);
        }
        else
        {
            await PublishAsync(XenbusState.Closing);
        }

        return DelayAsync(Timeout.InfiniteTimeSpan);
    }

    private async Task EndAsync(CancellationTokenSource traffic, Task<TrafficOutcome>? working)
    {
        try
        {
            await _stop.CancelAsync();
            foreach (FrontendLine line in _lines) line.Channel.Wake();
            await Task.WhenAll(_serving);
            foreach (FrontendLine line in _lines) line.Dispose();
            await PublishAsync(XenbusState.Closed);
            if (working is null) return;
            await Task.WhenAny(working, Task.Delay(Patience, Hypervisor.Time, CancellationToken.None));
            await traffic.CancelAsync();
            Task limit = Task.Delay(Patience, Hypervisor.Time, CancellationToken.None);
            if (await Task.WhenAny(working, limit) == working) _record.Traffic = await working;
        }
        finally
        {
            await _peer.RemoveDiskAsync();
        }
    }

    private void Inspect(SharedPages ring, int index)
    {
        uint requests = ring.LoadAcquire(RingLayout.RequestProducer);
        uint responses = ring.LoadAcquire(RingLayout.ResponseProducer);
        uint requestEvent = ring.LoadAcquire(RingLayout.RequestEvent);
        uint responseEvent = ring.LoadAcquire(RingLayout.ResponseEvent);
        string words = $"queue {index}: req_prod {requests}, req_event {requestEvent}, rsp_prod {responses}, "
            + $"rsp_event {responseEvent}";
        if (requests != responses) _record.Add(RequestFault.TooEarly, words);
        if (responses != 0 || requestEvent != 1 || responseEvent != 1) _record.RingProblem ??= words;
    }

    // True if it came to a state that is wanted; false if it leaves, its user gives up, or the time runs out.
    private async Task<bool> UntilFrontendAsync(Func<XenbusState, bool> isWanted, Task working)
    {
        await using IXenStoreWatch watch =
            await Hypervisor.Store.WatchAsync($"{_backend.FrontendPath}/{VbdKeys.State}");
        Task limit = DelayAsync(Patience);
        while (true)
        {
            if (isWanted(await LookAsync())) return true;
            Task change = watch.NextAsync(_stop.Token).AsTask();
            Task first = await Task.WhenAny(change, limit, working);
            if (first != change) return isWanted(await LookAsync());
        }
    }

    private async Task<XenbusState> LookAsync()
    {
        XenbusState state = XenbusTransitions.Parse(
            await Hypervisor.Store.ReadAsync($"{_backend.FrontendPath}/{VbdKeys.State}"));
        if (_states.Count == 0 || _states[^1] != state) _states.Add(state);
        return state;
    }

    private XenbusState LastState() => _states.Count == 0 ? XenbusState.Unknown : _states[^1];

    private Task PublishDiskAsync(XenbusState state) => PublishAsync(
        state,
        (VbdKeys.Sectors, Text(_probe.SectorCount)),
        (VbdKeys.SectorSize, Text((ulong)_probe.SectorSizeBytes)),
        (VbdKeys.PhysicalSectorSize, Text((ulong)_probe.SectorSizeBytes)),
        (VbdKeys.Info, "0"));

    private Task PublishAsync(XenbusState state, params (string Key, string Value)[] keys)
    {
        _ownState = state;
        return _backend.PublishAsync(state, keys);
    }

    private Task DelayAsync(TimeSpan time) => Task.Delay(time, Hypervisor.Time, _stop.Token)
        .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

    private static string Said(Task<TrafficOutcome> working) =>
        working.IsCompletedSuccessfully ? $"; its user says: {working.Result.Words}" : "";

    private static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);
}
