using XenBlock.Profiling;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.Storage;

namespace XenBlock.Backend;

/// <content>
/// Requests that follow each other, on the ring and on the disk, as one operation of the store: where the store works
/// in place, and only reads with reads and plain writes with plain writes. Nothing passes anything else: what does not
/// fit is run after what was collected before it, so the order of the ring is kept, and so are barriers and flushes.
/// Nothing is waited for either: a run ends when the ring has nothing more.
/// </content>
internal sealed partial class BackendPump
{
    // As many as preadv takes (IOV_MAX). No more bytes than are published at once: a call of the store costs little
    // beside them, and the frontend can use what is answered while the store works on what follows.
    private const int MergedSegmentsMax = 1024;
    private const long MergedBytesMax = BytesPerPublishMax;

    private readonly PendingRequest[] _merged;
    private readonly int[] _mergedStarts; // where the payload of each begins
    private readonly PayloadSegment[] _mergedPayload;
    private int _mergedCount;
    private int _mergedPayloadCount;
    private long _mergedBytes;

    // True if the request was taken into the run, which may have begun with it.
    private bool TryMerge(PendingRequest request, ReadOnlySpan<PayloadSegment> payload)
    {
        bool isPlain = request is { Operation: BlkifOperation.Read or BlkifOperation.Write, LengthBytes: > 0 }
            && request.StepsLeft == StoreSteps.Transfer
            && request.LengthBytes < MergedBytesMax
            && payload.Length < _mergedPayload.Length;
        if (!isPlain)
        {
            RunMerged();
            return false;
        }

        if (_mergedCount != 0 && !Follows(request, payload.Length)) RunMerged();
        _merged[_mergedCount] = request;
        _mergedStarts[_mergedCount++] = _mergedPayloadCount;
        payload.CopyTo(_mergedPayload.AsSpan(_mergedPayloadCount));
        _mergedPayloadCount += payload.Length;
        _mergedBytes += request.LengthBytes;
        if (_mergedCount == _merged.Length) RunMerged();
        return true;
    }

    private bool Follows(PendingRequest request, int payloadCount) =>
        request.Operation == _merged[0].Operation
        && request.OffsetBytes == _merged[0].OffsetBytes + _mergedBytes
        && _mergedBytes + request.LengthBytes <= MergedBytesMax
        && _mergedPayloadCount + payloadCount <= _mergedPayload.Length;

    private void RunMerged()
    {
        int count = _mergedCount;
        if (count == 0) return;
        int payloadCount = _mergedPayloadCount;
        long bytes = _mergedBytes;
        _mergedCount = _mergedPayloadCount = 0;
        _mergedBytes = 0;
        if (IsTraced)
        {
            foreach (PendingRequest request in _merged.AsSpan(0, count)) StampAsked(request);
        }

        StoreResult result = Transfer(_merged[0], 0, payloadCount);
        if (count == 1)
        {
            Finish(_merged[0], Judge(_merged[0], result));
            return;
        }

        _counters.Merged += count - 1;
        if (IsDetailed) Stamp(TraceEventKind.RequestsMerged, amount: (uint)count, detail: (ulong)bytes);
        if (result.IsOkay)
        {
            FinishTogether(count);
            return;
        }

        for (int i = 0; i < count; i++)
        {
            // Which of them the failure belongs to, only the store can tell: each is tried by itself.
            int end = i + 1 < count ? _mergedStarts[i + 1] : payloadCount;
            Finish(_merged[i], Judge(_merged[i], Transfer(_merged[i], _mergedStarts[i], end)));
        }
    }

    // All stamped first: finishing some may publish them, for which the others have not been waiting.
    private void FinishTogether(int count)
    {
        for (int i = 0; IsTraced && i < count; i++) StampAnswered(_merged[i], BlkifStatus.Okay);
        for (int i = 0; i < count; i++)
        {
            CountBytes(_merged[i]);
            FinishStamped(_merged[i], BlkifStatus.Okay);
        }
    }

    private StoreResult Transfer(PendingRequest first, int payloadStart, int payloadEnd)
    {
        ReadOnlySpan<PayloadSegment> payload = _mergedPayload.AsSpan(payloadStart..payloadEnd);
        StoreResult result =
            first.IsRead ? _store.Read(first.OffsetBytes, payload) : _store.Write(first.OffsetBytes, payload);
        Pass();
        return result;
    }
}
