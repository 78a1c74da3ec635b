using XenBlock.Hypervisor;
using XenBlock.Profiling;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Frontend;

/// <summary>
/// The frontend's logic: splits operations into requests, keeps as many on the ring as fit, takes responses, and
/// completes each operation exactly once. Synchronous and for one thread at a time: no clock, no thread, and no
/// allocation between <see cref="Attach"/> and <see cref="Detach"/>.
/// </summary>
/// <remarks>
/// An operation that finds no slot, no region or no grant reference waits in order of arrival, and is tried again
/// whenever something completes. Of the peer's words only a response's id, operation and status are used, the first two
/// only if they match our own private notes (S13).
/// </remarks>
internal sealed partial class FrontendPump
{
    private readonly IGrantTable _grantTable;
    private readonly TraceRecorder? _trace;
    private readonly int _queueIndex;
    private readonly byte[] _response = new byte[BlkifCodec.ResponseSizeBytes(BlkifAbi.X86_64)];
    private FrontendLink? _link;
    private FrontRing _ring = null!;
    private BouncePool _pool = null!;
    private RequestGrants? _grants;
    private RequestWriter _writer = null!;
    private InFlightTable _inFlight = new(0);
    private int _responseSizeBytes;
    private BlockOperationStatus? _ended;
    private bool _isPaused;
    private OperationList _waiting;
    private OperationList _completed;

    /// <summary>A pump without a connection.</summary>
    /// <param name="grantTable">The domain's grant table.</param>
    /// <param name="trace">Where stamps go; null for nowhere.</param>
    /// <param name="queueIndex">Which of the disk's queues it is, in the trace.</param>
    public FrontendPump(IGrantTable grantTable, TraceRecorder? trace = null, int queueIndex = 0)
    {
        _grantTable = grantTable;
        _trace = trace;
        _queueIndex = queueIndex;
    }

    /// <summary>What was done so far.</summary>
    public FrontendCounters Counters { get; } = new();

    /// <summary>Who is told how long operations took; null for nobody.</summary>
    public OperationDurations? Durations { get; set; }

    /// <summary>What the peer did that it must not be talked to any more, or null.</summary>
    public string? FaultReason { get; private set; }

    /// <summary>Requests on the ring.</summary>
    public int InFlight => _inFlight.Count;

    /// <summary>True if operations wait and nothing is under way whose end would let them go on.</summary>
    public bool IsStarved => _waiting.First is not null && _inFlight.Count == 0 && IsUsable;

    /// <summary>True if a completed operation is there to be taken.</summary>
    public bool HasCompleted => _completed.First is not null;

    /// <summary>True if a response is there, or the ring is broken.</summary>
    public bool HasResponses => IsUsable && _ring.HasResponses;

    private bool IsUsable => _link is not null && FaultReason is null;

    /// <summary>Starts on a fresh connection. Operations that wait are put on its ring.</summary>
    public void Attach(FrontendLink link)
    {
        if (_link is not null) throw new InvalidOperationException("the pump is attached already");
        _link = link;
        _ring = link.Ring;
        _pool = link.Pool;
        _writer = new RequestWriter(link);
        _grants = new RequestGrants(_grantTable, Counters, link);
        _inFlight = new InFlightTable((int)link.Ring.SlotCount);
        _responseSizeBytes = BlkifCodec.ResponseSizeBytes(link.Abi);
        FaultReason = null;
        _ended = null;
        _isPaused = false;
        if (_trace is not null) BeginCall();
        StartWaiting();
    }

    /// <summary>
    /// Ends the use of a connection: what is on the ring, waits, or comes later completes with
    /// <paramref name="status"/>; or all of it waits for the next connection, where what was on the ring is done again.
    /// </summary>
    public void Detach(BlockOperationStatus status, bool keepWaiting)
    {
        if (keepWaiting) Replay();
        else Abandon(status);
        if (keepWaiting) FaultReason = null; // it was that connection's: what comes now waits for the next one
        else _ended = status;
        _link = null;
    }

    /// <summary>
    /// After the peer let go, or never will: ends what <see cref="Detach"/> left offered. What it still holds is
    /// counted as quarantined, and the buffers that were under way are not used again.
    /// </summary>
    public void RevokeAbandoned() => _grants?.RevokeAbandoned();

    /// <summary>Takes an operation; it is on the ring as far as there is room, but not published.</summary>
    public void Submit(FrontendOperation operation)
    {
        if (_trace is not null) BeginSubmitting(operation);
        if (Durations is not null && OperationDurations.IsOn) operation.SubmittedTicks = Durations.Now();
        if (operation.Buffer is { } buffer)
        {
            buffer.AddUse();
            if (buffer.IsQuarantined) operation.Fail(BlockOperationStatus.PeerViolation);
        }

        if (FaultReason is not null) operation.Fail(BlockOperationStatus.PeerViolation);
        else if (_ended is { } ended) operation.Fail(ended);
        if (!operation.HasMore)
        {
            Complete(operation);
            return;
        }

        bool isAlone = _waiting.First is null;
        operation.IsWaiting = true;
        _waiting.Add(operation);
        if (isAlone) StartWaiting();
        _startNs = 0;
    }

    /// <summary>Keeps the rest of an operation from the ring. What is on it already must be answered first.</summary>
    public void Cancel(FrontendOperation operation)
    {
        if (!operation.IsWaiting) return;
        operation.Fail(BlockOperationStatus.Cancelled);
        LeaveQueue(operation);
    }

    /// <summary>Publishes what was put on the ring. True: the backend wants an event.</summary>
    public bool Publish()
    {
        if (!IsUsable) return false;
        if (IsCounted) StampPublished();
        if (!_ring.PushRequests()) return false;
        Counters.NotificationsWanted++;
        return true;
    }

    /// <summary>Takes every response that is there, then starts what waits. Returns the number of responses.</summary>
    public int TakeResponses()
    {
        if (!IsUsable) return 0;
        if (_trace is not null) BeginCall();
        Span<byte> copy = _response.AsSpan(0, _responseSizeBytes);
        int taken = 0;
        while (true)
        {
            RingTake take = _ring.TryTakeResponse(copy);
            if (take == RingTake.Empty) break;
            if (take == RingTake.PeerViolation)
            {
                Fault($"its response index is impossible ({_ring})");
                break;
            }

            taken++;
            if (!UseResponse(BlkifCodec.ReadResponse(copy))) break;
        }

        if (_takingNs != 0 || (taken != 0 && IsCounted)) StampFinished(taken);
        Counters.Responses += taken;
        if (_waiting.First is not null) StartWaiting();
        _startNs = 0;
        return taken;
    }

    /// <summary>Asks for an event at the next response, then looks once more. True: do not sleep.</summary>
    public bool FinalCheckForResponses() => IsUsable && _ring.FinalCheckForResponses();

    /// <summary>Takes back an operation that is done; null if there is none.</summary>
    public FrontendOperation? TakeCompleted() => _completed.Take();

    /// <summary>Takes back all operations that are done, linked by <see cref="FrontendOperation.Next"/>.</summary>
    public FrontendOperation? TakeAllCompleted() => _completed.TakeAll();

    /// <summary>Puts nothing more on the ring: the backend wants to stop once what is there is answered.</summary>
    public void Pause() => _isPaused = true;

    /// <summary>Stops using the ring: every operation completes, as the victim of a violation.</summary>
    public void Fault(string reason)
    {
        if (FaultReason is not null) return;
        FaultReason = reason;
        Abandon(BlockOperationStatus.PeerViolation);
    }

    /// <summary>Tries again what waits: for a shell whose pump <see cref="IsStarved"/>.</summary>
    public void StartWaiting()
    {
        while (_waiting.First is { } operation && IsUsable && !_isPaused)
        {
            if (operation.HasMore) Start(operation);
            if (operation.HasMore || FaultReason is not null) return;
            LeaveQueue(operation);
        }
    }

    private void Start(FrontendOperation operation)
    {
        while (operation.HasMore && !_inFlight.IsFull)
        {
            bool hasData = operation.Kind is BlockOperation.Read or BlockOperation.Write;
            if (hasData ? !StartData(operation) : !StartPlain(operation)) return;
        }
    }

    /// <summary>Puts the next part of a read or write on the ring; false if it has to wait.</summary>
    private bool StartData(FrontendOperation operation)
    {
        GrantedBuffer? buffer = _link!.IsTrusted ? operation.Buffer : null;
        if (buffer is { IsQuarantined: true })
        {
            // It is being done again, and the backend before this one has kept a page of it.
            operation.Fail(BlockOperationStatus.PeerViolation);
            return true;
        }

        int offsetInPage = 0;
        int firstPage = 0;
        int pagesMax = _link.SegmentsMax;
        if (buffer is not null)
        {
            int start = operation.BufferOffsetBytes + (int)operation.StartedBytes;
            offsetInPage = start & (ProtocolConstants.PageSizeBytes - 1);
            firstPage = start / ProtocolConstants.PageSizeBytes;
        }
        else
        {
            pagesMax = Math.Min(pagesMax, _pool.RegionPagesMax);
        }

        int lengthMax = (pagesMax * ProtocolConstants.PageSizeBytes) - offsetInPage;
        int lengthBytes = (int)Math.Min(operation.LengthBytes - operation.StartedBytes, lengthMax);
        int pageCount = Segmenter.SegmentCount(offsetInPage, lengthBytes);
        int region = -1;
        if (buffer is null)
        {
            region = _pool.TryTake(pageCount);
            if (region < 0)
            {
                if (_inFlight.Count == 0) Fault("it keeps the pages of requests that it has answered; none are left");
                return false;
            }

            firstPage = _pool.FirstPage(region);
        }

        int index = _inFlight.Peek();
        if (!_grants!.TryTake(
            ref _inFlight[index],
            index,
            operation,
            buffer,
            firstPage,
            pageCount,
            out ReadOnlySpan<GrantReference> references))
        {
            if (region >= 0) _pool.Give(region);
            Counters.WaitsForGrants++;
            return false;
        }

        bool isRead = operation.Kind == BlockOperation.Read;
        if (region >= 0 && !isRead)
        {
            Span<byte> source = operation.Data.Slice((int)operation.StartedBytes, lengthBytes);
            _pool.Pages.CopyIn(firstPage * ProtocolConstants.PageSizeBytes, source);
            Counters.BytesCopied += lengthBytes;
        }

        BlkifOperation wire = isRead ? BlkifOperation.Read : BlkifOperation.Write;
        ulong sector = (ulong)(operation.OffsetBytes + operation.StartedBytes) / ProtocolConstants.SectorSizeBytes;
        ulong id = Take(operation, index, wire, region, lengthBytes);
        _writer.PutData(wire, index, id, sector, references, offsetInPage, lengthBytes);
        if (IsCounted) StampGranted(operation, id, lengthBytes, in _inFlight[index]);
        Counters.Segments += pageCount;
        if (pageCount > ProtocolConstants.DirectSegmentsMax) Counters.IndirectRequests++;
        return true;
    }

    /// <summary>Puts a flush or a discard on the ring.</summary>
    private bool StartPlain(FrontendOperation operation)
    {
        BlkifOperation? wire = operation.Kind switch
        {
            BlockOperation.Flush => _link!.FlushOperation,
            BlockOperation.SecureDiscard => _link!.CanDiscardSecurely ? BlkifOperation.Discard : null,
            _ => _link!.CanDiscard ? BlkifOperation.Discard : null,
        };
        if (wire is null)
        {
            operation.Fail(BlockOperationStatus.NotSupported);
            return true;
        }

        int index = _inFlight.Peek();
        _inFlight[index].OfferedCount = 0;
        ulong id = Take(operation, index, wire.Value, region: -1, operation.LengthBytes);
        _writer.PutPlain(
            wire.Value,
            id,
            (ulong)operation.OffsetBytes / ProtocolConstants.SectorSizeBytes,
            (ulong)operation.LengthBytes / ProtocolConstants.SectorSizeBytes,
            operation.Kind == BlockOperation.SecureDiscard);
        if (IsCounted) StampGranted(operation, id, 0, in _inFlight[index]);
        return true;
    }

    /// <summary>Takes the index that was looked at, and moves the operation's cursor.</summary>
    private ulong Take(FrontendOperation operation, int index, BlkifOperation wire, int region, long lengthBytes)
    {
        if (_inFlight.Take() != index) throw new InvalidOperationException("the free index changed under our hands");
        ref InFlightRequest request = ref _inFlight[index];
        request.Operation = operation;
        request.WireOperation = wire;
        request.Region = region;
        request.StartBytes = operation.StartedBytes;
        request.LengthBytes = region < 0 ? 0 : (int)lengthBytes;
        operation.StartedBytes += lengthBytes;
        operation.HasMore = operation.StartedBytes < operation.LengthBytes;
        operation.PartsInFlight++;
        Counters.Requests++;
        return request.Id;
    }
}
