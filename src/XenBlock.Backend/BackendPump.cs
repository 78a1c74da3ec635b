using XenBlock.Hypervisor;
using XenBlock.Profiling;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.Storage;

namespace XenBlock.Backend;

/// <summary>
/// The logic of one queue: takes requests, checks them, reaches their pages, runs the store, answers. Synchronous, for
/// one thread; no clock, no randomness, and nothing allocated per request. A request taken is answered exactly once.
/// </summary>
internal sealed partial class BackendPump : IDisposable
{
    /// <summary>
    /// Requests taken in one turn, so that a frontend that never stops cannot keep a turn from ending.
    /// </summary>
    public const int RequestsPerTurnMax = 256;

    // A response published alone costs a full barrier and, often, a notification; measured best at 4 to 16 a publish.
    // Behind much data a response waits for less: 256 KiB take longer to copy than a notification.
    private const int ResponsesPerPublishMax = 16;
    private const long BytesPerPublishMax = 256 << 10;

    // Xen flushes address translations once for 32 unmaps of a call (GNTTAB_UNMAP_BATCH_SIZE in its grant_table.c).
    private const int RequestsPerUnmapMax = 32;
    private const long BytesPerUnmapMax = 1 << 20;

    private readonly BackRing _ring;
    private readonly IEventChannel _channel;
    private readonly IBlockStore _store;
    private readonly IStorePipeline? _pipeline;
    private readonly PayloadAccessor _accessor;
    private readonly BackendCounters _counters;
    private readonly BlkifAbi _abi;
    private readonly SectorUnits _units;
    private readonly PendingRequest[] _requests;
    private readonly int[] _free;
    private readonly PendingRequest[] _finished;
    private readonly BlkifSegment[] _segments;
    private readonly PayloadSegment[] _payload;
    private readonly PayloadSegment[] _drainedPayload = new PayloadSegment[ProtocolConstants.DirectSegmentsMax];
    private readonly StoreCompletion[] _completions = new StoreCompletion[ResponsesPerPublishMax];
    private readonly long _bytesPerPublishMax;
    private readonly byte[] _slot;
    private readonly byte[] _response;
    private readonly InFlightJournal? _journal;
    private readonly TraceRecorder? _trace;
    private readonly RequestDurations? _durations;
    private readonly StoreFailures? _failures;
    private readonly int _queueIndex;
    private DiskLimits _limits;
    private BlockRequest _request;
    private PendingRequest? _draining; // waits until it is alone in the pipeline; nothing is taken meanwhile
    private int _drainedPayloadCount;
    private int _freeCount;
    private int _finishedCount;
    private long _finishedBytes;
    private int _submitted;
    private int _writesSubmitted;
    private bool _mustNotify; // a backend before this one may have died between publishing and notifying
    private bool _isDisposed;

    /// <summary>A pump over a ring that is attached already.</summary>
    /// <param name="ring">Our end of the ring.</param>
    /// <param name="channel">Where to notify.</param>
    /// <param name="mapper">Access to the frontend's pages.</param>
    /// <param name="store">The disk; outlives the pump.</param>
    /// <param name="options">What was agreed.</param>
    /// <param name="counters">Where it counts.</param>
    public BackendPump(
        BackRing ring,
        IEventChannel channel,
        IGrantMapper mapper,
        IBlockStore store,
        BackendPumpOptions options,
        BackendCounters counters)
    {
        _ring = ring;
        _channel = channel;
        _store = store;
        _counters = counters;
        _abi = options.Abi;
        _units = options.Units;
        _limits = options.Limits;
        int slotCount = (int)ring.SlotCount;
        _requests = new PendingRequest[slotCount];
        _free = new int[slotCount];
        for (int i = 0; i < slotCount; i++) _requests[i] = new PendingRequest(i);
        _journal = options.Journal;
        _trace = options.Trace;
        _durations = options.Durations;
        _failures = options.Failures;
        _queueIndex = options.QueueIndex;
        _recovered = options.Recovered;
        _mustNotify = ring.ResponseProducer != 0;
        FillFree();
        bool isBatched = options.Access is PayloadAccess.Batch or PayloadAccess.Auto;
        _finished = new PendingRequest[isBatched ? RequestsPerUnmapMax : ResponsesPerPublishMax];
        bool unmapsMuch = options.Access == PayloadAccess.Batch
            || (options.Access == PayloadAccess.Auto && !options.IsPersistent);
        _bytesPerPublishMax = unmapsMuch ? BytesPerUnmapMax : BytesPerPublishMax;
        int segmentsMax = Math.Max(options.Limits.IndirectSegmentsMax, ProtocolConstants.DirectSegmentsMax);
        _segments = new BlkifSegment[segmentsMax];
        _payload = new PayloadSegment[segmentsMax];
        _slot = new byte[BlkifCodec.SlotSizeBytes(_abi)];
        _response = new byte[BlkifCodec.ResponseSizeBytes(_abi)];
        _merged = new PendingRequest[options.Merges ? _finished.Length : 0];
        _mergedStarts = new int[_merged.Length];
        _mergedPayload = new PayloadSegment[options.Merges ? MergedSegmentsMax : 0];
        _pipeline = (store as IPipelinedBlockStore)?.OpenPipeline(slotCount);
        _accessor = MakeAccessor(mapper, options, segmentsMax);
    }

    /// <summary>Why the connection must end, once a turn gave <see cref="PumpOutcome.Faulted"/>.</summary>
    public string? Fault { get; private set; }

    /// <summary>Requests taken and not yet answered.</summary>
    public int Unanswered => _requests.Length - _freeCount;

    /// <summary>Free-running, modulo 2^32: it changes when requests are taken.</summary>
    public uint RequestsTaken => _ring.RequestConsumer;

    /// <summary>True if the ring holds a request, without arming anything.</summary>
    public bool HasRequests => _ring.HasRequests;

    /// <summary>How long until the store's pipeline may have finished something.</summary>
    public TimeSpan NextCompletionDelay =>
        _submitted == 0 ? Timeout.InfiniteTimeSpan : _pipeline!.NextCompletionDelay;

    /// <summary>Asks for an event at the next request, then looks once more; true: there is work.</summary>
    public bool FinalCheck() => _ring.FinalCheckForRequests();

    /// <summary>The disk has changed its size; for the pump's thread, between turns.</summary>
    public void SetLimits(in DiskLimits limits) => _limits = limits;

    /// <summary>One turn: reaps, takes, runs, answers.</summary>
    public PumpOutcome Pump()
    {
        if (Fault is not null) return PumpOutcome.Faulted;
        if (_mustNotify) NotifyAtTheStart();
        if (_trace is not null) BeginTracing();
        PumpOutcome outcome = PumpOutcome.Busy;
        for (int taken = 0; taken < RequestsPerTurnMax; taken++)
        {
            Reap();
            if (_draining is not null && !AdvanceDraining())
            {
                outcome = PumpOutcome.Blocked;
                break;
            }

            if (!_accessor.HasRoom)
            {
                RunMerged();
                Publish(); // what is finished may hold the room
                if (!_accessor.HasRoom)
                {
                    outcome = PumpOutcome.Blocked;
                    break;
                }
            }

            if (BeginRecovered()) continue;
            _wasSeen |= _ring.HasSeenRequest;
            RingTake take = _ring.TryTakeRequest(_slot);
            if (take == RingTake.Taken)
            {
                PendingRequest request = Take();
                _journal?.Take(request.Index, unchecked(_ring.RequestConsumer - 1), _slot);
                Begin(request);
                continue;
            }

            outcome = take == RingTake.Empty ? PumpOutcome.Idle : PumpOutcome.Faulted;
            break;
        }

        RunMerged();
        Publish();
        if (outcome == PumpOutcome.Faulted)
        {
            _counters.RingViolations++;
            Fault = "the frontend's request index is impossible: more requests than the ring holds";
        }

        return outcome;
    }

    /// <summary>
    /// Ends the connection's use of the frontend's memory: waits for nothing, answers nothing more, unmaps all. For the
    /// pump's thread, or after it has ended.
    /// </summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        Fault ??= "disconnected";
        _pipeline?.Dispose(); // first: from now on nothing below touches the pages
        _accessor.ReleaseAll(_requests);
        _counters.PersistentPages = 0;
    }

    /// <summary>Lets go of pages that nothing has used for long; for the pump's thread, between turns.</summary>
    public void PurgeIdle() => _accessor.PurgeIdle();

    private PayloadAccessor MakeAccessor(IGrantMapper mapper, BackendPumpOptions options, int segmentsMax)
    {
        DomainId owner = options.Frontend;
        if (_trace is not null) mapper = new TracedGrantMapper(mapper, _trace, _queueIndex);
        PersistentAccessor Keeping() => new(
            mapper, owner, segmentsMax, options.PersistentPagesMax, options.PersistentBudget, _requests, _counters);
        MapAccessor Mapping(int batchMax) => new(mapper, owner, segmentsMax, batchMax, _counters);
        CopyAccessor Copying() => new(
            mapper, owner, segmentsMax, _pipeline is null ? _finished.Length : _requests.Length, _counters);
        return options.Access switch
        {
            PayloadAccess.Persistent => Keeping(),
            PayloadAccess.Copy => Copying(),
            PayloadAccess.Auto => new AutoAccessor(
                mapper,
                owner,
                options.IsPersistent ? Keeping() : Mapping(RequestsPerUnmapMax),
                Copying(),
                options.Time,
                _counters),
            PayloadAccess.Batch => Mapping(RequestsPerUnmapMax),
            _ => Mapping(0),
        };
    }

    private PendingRequest Take()
    {
        if (_freeCount == 0) throw new InvalidOperationException("more requests taken than the ring has slots");
        PendingRequest request = _requests[_free[--_freeCount]];
        request.Stage = PendingRequestStage.Taken;
        if (_durations is not null && RequestDurations.IsOn) request.TakenTicks = _durations.Now();
        return request;
    }

    private void Finish(PendingRequest request, BlkifStatus status)
    {
        if (IsTraced) StampAnswered(request, status);
        FinishStamped(request, status);
    }

    private void FinishStamped(PendingRequest request, BlkifStatus status)
    {
        if (request.Stage is PendingRequestStage.Free or PendingRequestStage.Finished)
            throw new InvalidOperationException("a request finished twice");
        request.Stage = PendingRequestStage.Finished;
        request.Status = status;
        _finished[_finishedCount++] = request;
        _finishedBytes += request.LengthBytes;
        if (_finishedCount == _finished.Length || _finishedBytes >= _bytesPerPublishMax) Publish();
    }

    private void Publish()
    {
        if (_finishedCount == 0) return;

        // Unmap first: the frontend takes its pages back as soon as it sees the response.
        ReadOnlySpan<PendingRequest> finished = _finished.AsSpan(0, _finishedCount);
        long calls = _counters.UnmapCalls + _counters.CopyCalls;
        _accessor.Release(finished);
        if (_counters.UnmapCalls + _counters.CopyCalls != calls) Pass();
        if (IsTraced) StampLetGo(finished.Length);
        if (_durations is not null && RequestDurations.IsOn) RecordDurations(finished);
        foreach (PendingRequest request in finished)
        {
            var response = new BlockResponse
            {
                Id = request.Id,
                Operation = request.Operation,
                Status = request.Status,
            };
            BlkifCodec.WriteResponse(in response, _response);
            _journal?.Answer(request.Index, _ring.ResponseProducer, in response);
            _ring.PutResponse(_response);
            request.Clear();
            _free[_freeCount++] = request.Index;
        }

        if (IsCounted) Stamp(TraceEventKind.ResponsesPublished, amount: (uint)_finishedCount);
        if (IsTraced) StampEvicted();
        _counters.Responses += _finishedCount;
        _counters.ResponsePublishes++;
        _finishedCount = 0;
        _finishedBytes = 0;
        bool isNotificationWanted = _ring.PushResponses();
        Pass();
        if (_journal is not null) ForgetPublished(finished);
        if (!isNotificationWanted) return;
        _counters.NotificationsSent++;
        _channel.Notify();
        if (IsCounted) Stamp(TraceEventKind.FrontendNotified);
    }
}
