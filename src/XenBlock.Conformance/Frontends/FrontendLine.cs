using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Conformance;

/// <summary>
/// One queue of the frontend under test, as its backend sees it: takes requests, holds each against the rules, moves
/// its data, and answers as the stage wants. For one thread.
/// </summary>
internal sealed class FrontendLine : IDisposable
{
    private const int HeldMax = 24;
    private const int ErrorEvery = 7;
    private static readonly TimeSpan _nap = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _late = TimeSpan.FromSeconds(1); // an event may be just behind its request

    private readonly FrontendProbe _probe;
    private readonly StageRecord _record;
    private readonly BlkifAbi _abi;
    private readonly GrantMapping _mapping;
    private readonly BackRing _ring;
    private readonly PageMapper _pages;
    private readonly Random _random;
    private readonly byte[] _slot;
    private readonly HashSet<ulong> _outstanding = [];
    private readonly List<(ScriptedRequest Request, BlkifStatus Status)> _held = [];
    private RequestVerdict _verdict; // of the request taken last

    private FrontendLine(
        FrontendProbe probe, StageRecord record, GrantMapping mapping, IEventChannel channel, int index)
    {
        _probe = probe;
        _record = record;
        _abi = record.Answer!.Abi;
        _mapping = mapping;
        _ring = BackRing.Attach(mapping.Pages, BlkifCodec.SlotSizeBytes(_abi));
        bool isPersistent = record.Offer.Persistent && record.Answer.Persistent;
        _pages = new PageMapper(probe.Hypervisor.Mapper, probe.Frontend, isPersistent);
        _random = new Random(index);
        _slot = new byte[_ring.SlotSizeBytes];
        Channel = channel;
    }

    public IEventChannel Channel { get; }

    public SharedPages RingPages => _mapping.Pages;

    /// <summary>Maps the ring and binds the channel.</summary>
    /// <exception cref="XenBlockException">The frontend's keys do not name them.</exception>
    public static FrontendLine Attach(FrontendProbe probe, StageRecord record, int index)
    {
        QueueAnswer queue = record.Answer!.Queues[index];
        GrantReference[] references = [.. queue.RingReferences];
        GrantStatus status = probe.Hypervisor.Mapper.Map(
            probe.Frontend, references, GrantAccess.ReadWrite, new GrantStatus[references.Length],
            out GrantMapping mapping);
        if (status != GrantStatus.Okay)
        {
            throw new XenBlockException(
                XenBlockErrorKind.PeerViolation, $"the ring of queue {index} cannot be mapped: {status}");
        }

        try
        {
            IEventChannel channel =
                probe.Hypervisor.EventChannels.BindInterdomain(probe.Frontend, queue.EventChannel);
            return new FrontendLine(probe, record, mapping, channel, index);
        }
        catch
        {
            probe.Hypervisor.Mapper.Unmap([mapping]);
            throw;
        }
    }

    /// <summary>Takes and answers until told to stop, asleep where there is nothing to do.</summary>
    public void Serve(CancellationToken stop)
    {
        bool hasSlept = false; // with the event index armed, and woken by nothing
        while (!stop.IsCancellationRequested)
        {
            bool hasTaken = false;
            while (!stop.IsCancellationRequested && TryTake() is { } request)
            {
                if (hasSlept && !Channel.Wait(_late))
                    _record.Add(RequestFault.NoEvent, $"none came within {_late.TotalSeconds} s of the request");
                hasSlept = false;

                hasTaken = true;
                Handle(request);
            }

            if (_probe.IsSilent) return;
            if (!hasTaken && _held.Count > 0) AnswerHeld(_held.Count);
            if (_ring.FinalCheckForRequests()) continue;
            if (_held.Count > 0)
            {
                Channel.Wait(TimeSpan.FromMilliseconds(1));
                continue;
            }

            hasSlept = !Channel.Wait(_nap) && !stop.IsCancellationRequested;
        }
    }

    public void Dispose()
    {
        _pages.Dispose();
        _probe.Hypervisor.Mapper.Unmap([_mapping]);
        Channel.Dispose();
    }

    private ScriptedRequest? TryTake()
    {
        switch (_ring.TryTakeRequest(_slot))
        {
            case RingTake.Empty:
                return null;
            case RingTake.PeerViolation:
                _record.Add(RequestFault.Index, _ring.Describe());
                _probe.Silence();
                return null;
        }

        BlockRequest request = default;
        BlkifCodec.ReadRequest(_abi, _slot, ref request);
        DiskLimits limits = _probe.Limits(_record.Offer);
        RequestVerdict verdict = RequestValidator.Validate(in request, in limits);
        BlkifSegment[] segments = verdict == RequestVerdict.Accepted ? SegmentsOf(in request) : [];
        if (verdict == RequestVerdict.Accepted && request.IsIndirect)
            verdict = RequestValidator.ValidateSegments(segments, request.SectorFirst, in limits, out _);
        var taken = new ScriptedRequest(request, segments);
        string words = Describe(taken);
        ulong end = request.SectorFirst + (request.Operation == BlkifOperation.Discard
            ? request.SectorCount : (ulong)(taken.LengthBytes / ProtocolConstants.SectorSizeBytes));
        bool isBeyond = verdict == RequestVerdict.Accepted && end > _probe.FirstSectorCount;
        _record.Add(in request, verdict, words, isBeyond);
        _record.AddGrants(segments);
        if (!_outstanding.Add(request.Id)) _record.Add(RequestFault.IdInUse, words);
        _verdict = verdict;
        return taken;
    }

    private void Handle(ScriptedRequest request)
    {
        BlkifStatus status = _verdict == RequestVerdict.Accepted ? StatusOf(request) : _verdict.ToStatus();
        if (status == BlkifStatus.Okay && request.Segments.Count > 0) status = Move(request);
        switch (_record.Stage)
        {
            case FrontendStage.Disorder:
                _held.Add((request, status));
                if (_random.Next(8) == 0) Channel.Notify(); // an event for nothing
                if (_held.Count > HeldMax) AnswerHeld(1 + _random.Next(HeldMax / 2));
                break;
            case FrontendStage.UnknownId or FrontendStage.AnsweredTwice or FrontendStage.WrongOperation
                or FrontendStage.IndexJump when _record.IsTime:
                Lie(request);
                break;
            default:
                Answer(request.Id, request.Operation, status);
                if (_record.IsTime) _probe.Act(_record);
                break;
        }
    }

    private BlkifStatus StatusOf(ScriptedRequest request)
    {
        if (_record.Stage != FrontendStage.Errors) return BlkifStatus.Okay;
        bool isData = request.Operation is BlkifOperation.Read or BlkifOperation.Write;
        if (isData && _record.Requests % ErrorEvery != 0) return BlkifStatus.Okay;
        _record.MarkDone();
        return isData ? BlkifStatus.Error : BlkifStatus.NotSupported;
    }

    private BlkifStatus Move(ScriptedRequest request)
    {
        GrantStatus status = _pages.Move(request, _probe.Disk);
        if (status == GrantStatus.Okay) return BlkifStatus.Okay;
        _record.Add(RequestFault.Grant, $"{Describe(request)}: {status}");
        return BlkifStatus.Error;
    }

    private void AnswerHeld(int count)
    {
        for (int i = 0; i < count; i++)
        {
            int chosen = _random.Next(_held.Count);
            (ScriptedRequest request, BlkifStatus status) = _held[chosen];
            _held.RemoveAt(chosen);
            Answer(request.Id, request.Operation, status);
        }

        _record.MarkDone();
    }

    // One lie, and then silence on this ring: whatever the frontend does next is its answer to the lie.
    private void Lie(ScriptedRequest request)
    {
        // The second answer needs the slot of another request, which then gets none.
        if (_record.Stage == FrontendStage.AnsweredTwice && _ring.Unanswered < 2 && TryTake() is null)
        {
            Answer(request.Id, request.Operation, BlkifStatus.Okay);
            return;
        }

        _record.MarkDone();
        switch (_record.Stage)
        {
            case FrontendStage.UnknownId:
                Answer(request.Id ^ 0x5555_5555_5555_5555, request.Operation, BlkifStatus.Okay);
                break;
            case FrontendStage.WrongOperation:
                Answer(request.Id, BlkifOperation.Discard, BlkifStatus.Okay);
                break;
            case FrontendStage.AnsweredTwice:
                Answer(request.Id, request.Operation, BlkifStatus.Okay);
                Answer(request.Id, request.Operation, BlkifStatus.Okay);
                break;
            default:
                Answer(request.Id, request.Operation, BlkifStatus.Okay);
                RingPages.StoreRelease(
                    RingLayout.ResponseProducer, unchecked(_ring.ResponseProducer + 1_000_000));
                Channel.Notify();
                break;
        }

        _probe.Silence();
    }

    private void Answer(ulong id, BlkifOperation operation, BlkifStatus status)
    {
        Span<byte> slot = stackalloc byte[BlkifCodec.ResponseSizeBytes(_abi)];
        BlkifCodec.WriteResponse(new BlockResponse { Id = id, Operation = operation, Status = status }, slot);
        _outstanding.Remove(id);
        _ring.PutResponse(slot);
        if (_ring.PushResponses()) Channel.Notify();
    }

    private BlkifSegment[] SegmentsOf(in BlockRequest request)
    {
        if (request.Operation == BlkifOperation.Discard) return [];
        if (!request.IsIndirect)
        {
            ReadOnlySpan<BlkifSegment> direct = request.Segments;
            return direct[..request.SegmentCount].ToArray();
        }

        BlkifSegment[] segments = new BlkifSegment[request.SegmentCount];
        GrantStatus status = _pages.ReadSegments(in request, segments);
        if (status != GrantStatus.Okay)
            _record.Add(RequestFault.Grant, $"an indirect page of {request.SegmentCount} segments: {status}");
        return status == GrantStatus.Okay ? segments : [];
    }

    private static string Describe(ScriptedRequest request) =>
        $"{(request.Request.IsIndirect ? "indirect " : "")}operation {(int)request.Operation}, "
            + $"{request.Request.SegmentCount} segments, sector {request.Request.SectorFirst}"
            + (request.Operation == BlkifOperation.Discard ? $", {request.Request.SectorCount} sectors" : "");
}
