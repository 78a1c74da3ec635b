using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.Storage;

namespace XenBlock.Backend;

/// <content>From a slot to the store: checking, reaching the pages, running.</content>
internal sealed partial class BackendPump
{
    private const int ErrnoNotSupported = 95;

    private void Begin(PendingRequest request)
    {
        BlkifCodec.ReadRequest(_abi, _slot, ref _request);
        if (!_units.IsStandard) _units.ToStandard(ref _request, _limits.SectorSizeBytes);
        request.Id = _request.Id;
        request.Operation = _request.Operation;
        if (IsTraced) StampTaken(request);
        _wasSeen = false;
        RequestVerdict verdict = RequestValidator.Validate(in _request, in _limits, out int lengthBytes);
        if (verdict != RequestVerdict.Accepted)
        {
            Refuse(request, verdict);
            return;
        }

        ReadOnlySpan<BlkifSegment> segments;
        if (_request.IsIndirect)
        {
            Span<BlkifSegment> copied = _segments.AsSpan(0, _request.SegmentCount);
            if (!TryReadSegments(request, copied)) return;
            if (!_units.IsStandard) _units.ToStandard(copied, _limits.SectorSizeBytes);
            verdict = RequestValidator.ValidateSegments(copied, _request.SectorFirst, in _limits, out lengthBytes);
            if (verdict != RequestVerdict.Accepted)
            {
                Refuse(request, verdict);
                return;
            }

            _counters.IndirectRequests++;
            segments = copied;
        }
        else
        {
            segments = ((ReadOnlySpan<BlkifSegment>)_request.Segments)[.._request.SegmentCount];
        }

        request.OffsetBytes = lengthBytes == 0 && request.Operation != BlkifOperation.Discard
            ? 0 // without data the sector means nothing and was not checked
            : (long)_request.SectorFirst * ProtocolConstants.SectorSizeBytes;
        request.LengthBytes = lengthBytes;
        Prepare(request);
        if (_pipeline is null) RunInPlace(request, segments);
        else Submit(request, segments);
    }

    private bool TryReadSegments(PendingRequest request, Span<BlkifSegment> segments)
    {
        int pages = (segments.Length + ProtocolConstants.SegmentsPerIndirectPage - 1)
            / ProtocolConstants.SegmentsPerIndirectPage;
        ReadOnlySpan<uint> grants = _request.IndirectGrants;
        GrantStatus status = _accessor.ReadIndirect(request, grants[..pages], segments);
        Pass();
        if (status == GrantStatus.Okay) return true;
        CountKind(request);
        Finish(request, BlkifStatus.Error);
        return false;
    }

    private void Refuse(PendingRequest request, RequestVerdict verdict)
    {
        _counters.Refused[(int)verdict]++;
        Finish(request, verdict.ToStatus());
    }

    private void Prepare(PendingRequest request)
    {
        bool hasData = request.LengthBytes != 0;
        switch (request.Operation)
        {
            case BlkifOperation.FlushDiskCache:
                request.StepsLeft = StoreSteps.FlushFirst | (hasData ? StoreSteps.Transfer : StoreSteps.None);
                break;
            case BlkifOperation.WriteBarrier:
                request.StepsLeft = hasData
                    ? StoreSteps.FlushFirst | StoreSteps.Transfer | StoreSteps.FlushLast
                    : StoreSteps.FlushFirst;
                break;
            case BlkifOperation.Discard:
                request.StepsLeft = StoreSteps.Transfer;
                request.IsSecureDiscard = (_request.DiscardFlags & ProtocolConstants.DiscardSecure) != 0;
                request.LengthBytes = (long)_request.SectorCount * ProtocolConstants.SectorSizeBytes;
                break;
            default:
                request.StepsLeft = StoreSteps.Transfer;
                break;
        }

        CountKind(request);
    }

    private void CountKind(PendingRequest request)
    {
        switch (request.Operation)
        {
            case BlkifOperation.Read:
                _counters.Reads++;
                break;
            case BlkifOperation.Write:
                _counters.Writes++;
                break;
            case BlkifOperation.FlushDiskCache:
                _counters.Flushes++;
                break;
            case BlkifOperation.WriteBarrier:
                _counters.Barriers++;
                break;
            default:
                _counters.Discards++;
                break;
        }
    }

    // Only what was carried out: a write that failed has written nothing that counts.
    private void CountBytes(PendingRequest request)
    {
        switch (request.Operation)
        {
            case BlkifOperation.Read:
                _counters.BytesRead += request.LengthBytes;
                break;
            case BlkifOperation.Discard:
                _counters.BytesDiscarded += request.LengthBytes;
                break;
            default:
                _counters.BytesWritten += request.LengthBytes;
                break;
        }
    }

    private bool TryAcquire(
        PendingRequest request, ReadOnlySpan<BlkifSegment> segments, out ReadOnlySpan<PayloadSegment> payload)
    {
        payload = default;
        if (segments.IsEmpty) return true;
        if (_accessor.Acquire(request, segments, _payload, out int count) != GrantStatus.Okay)
        {
            // The frontend's grant is bad, or our own table is full: this request fails, the disk does not (S10).
            Pass();
            Finish(request, BlkifStatus.Error);
            return false;
        }

        _counters.Segments += segments.Length;
        _counters.PayloadRuns += count;
        payload = _payload.AsSpan(0, count);
        if (IsTraced) StampReached(request, segments.Length);
        return true;
    }

    private void RunInPlace(PendingRequest request, ReadOnlySpan<BlkifSegment> segments)
    {
        if (!TryAcquire(request, segments, out ReadOnlySpan<PayloadSegment> payload)) return;
        if (TryMerge(request, payload)) return;
        if (IsTraced) StampAsked(request);
        StoreResult result = StoreResult.Okay;
        if ((request.StepsLeft & StoreSteps.FlushFirst) != StoreSteps.None) result = _store.Flush();
        if (result.IsOkay && (request.StepsLeft & StoreSteps.Transfer) != StoreSteps.None)
        {
            result = request.Operation switch
            {
                BlkifOperation.Read => _store.Read(request.OffsetBytes, payload),
                BlkifOperation.Discard => _store.Discard(
                    request.OffsetBytes, request.LengthBytes, request.IsSecureDiscard),
                _ => _store.Write(request.OffsetBytes, payload),
            };
        }

        if (result.IsOkay && (request.StepsLeft & StoreSteps.FlushLast) != StoreSteps.None) result = _store.Flush();
        Pass();
        Finish(request, Judge(request, result));
    }

    private BlkifStatus Judge(PendingRequest request, StoreResult result)
    {
        if (result.IsOkay)
        {
            CountBytes(request);
            return BlkifStatus.Okay;
        }

        _counters.StoreErrors++;
        _counters.StoreErrnoLast = result.Errno;
        _failures?.Add(request, result.Errno);
        return result.Errno == ErrnoNotSupported ? BlkifStatus.NotSupported : BlkifStatus.Error;
    }
}
