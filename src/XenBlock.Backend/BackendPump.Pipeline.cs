using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.Storage;

namespace XenBlock.Backend;

/// <content>
/// With a store that works on several operations at once. A flush waits for the writes before it, a barrier for
/// everything; nothing is taken from the ring until it has passed, so the order that the frontend sees is kept. All of
/// it concerns this queue: what was answered on others, the store's flush covers without waiting (decision 12).
/// </content>
internal sealed partial class BackendPump
{
    private void Submit(PendingRequest request, ReadOnlySpan<BlkifSegment> segments)
    {
        if (!TryAcquire(request, segments, out ReadOnlySpan<PayloadSegment> payload)) return;
        bool passesAtOnce = request.StepsLeft == StoreSteps.Transfer
            && request.Operation != BlkifOperation.WriteBarrier;
        passesAtOnce |= request.Operation == BlkifOperation.FlushDiskCache
            && request.StepsLeft == StoreSteps.FlushFirst && _writesSubmitted == 0;
        if (passesAtOnce)
        {
            SubmitStep(request, payload);
            return;
        }

        payload.CopyTo(_drainedPayload); // at most 11: such a request is never indirect
        _drainedPayloadCount = payload.Length;
        _draining = request;
        AdvanceDraining();
    }

    // True once the request that held everything up has its last step under way.
    private bool AdvanceDraining()
    {
        PendingRequest request = _draining!;
        bool mustWait = request.Stage == PendingRequestStage.Submitted
            || (request.Operation == BlkifOperation.WriteBarrier ? _submitted != 0 : _writesSubmitted != 0);
        if (mustWait) return false;
        SubmitStep(request, _drainedPayload.AsSpan(0, _drainedPayloadCount));

        // A barrier holds later requests up until it has finished; others only until their last step is under way.
        if (request.StepsLeft != StoreSteps.None || request.Operation == BlkifOperation.WriteBarrier) return false;
        _draining = null;
        return true;
    }

    private void SubmitStep(PendingRequest request, ReadOnlySpan<PayloadSegment> payload)
    {
        StoreSteps step = StoreSteps.FlushLast;
        if ((request.StepsLeft & StoreSteps.FlushFirst) != StoreSteps.None) step = StoreSteps.FlushFirst;
        else if ((request.StepsLeft & StoreSteps.Transfer) != StoreSteps.None) step = StoreSteps.Transfer;
        if (IsTraced && request.StepUnderWay == StoreSteps.None) StampAsked(request);
        request.StepsLeft &= ~step;
        request.StepUnderWay = step;
        request.Stage = PendingRequestStage.Submitted;
        _submitted++;
        if (step != StoreSteps.Transfer)
        {
            _pipeline!.Submit(StoreOperationKind.Flush, request.Index, 0, 0, []);
            Pass();
            return;
        }

        StoreOperationKind kind = request.Operation switch
        {
            BlkifOperation.Read => StoreOperationKind.Read,
            BlkifOperation.Discard when request.IsSecureDiscard => StoreOperationKind.SecureDiscard,
            BlkifOperation.Discard => StoreOperationKind.Discard,
            _ => StoreOperationKind.Write,
        };
        if (kind != StoreOperationKind.Read) _writesSubmitted++;
        _pipeline!.Submit(kind, request.Index, request.OffsetBytes, request.LengthBytes, payload);
        Pass();
    }

    private void Reap()
    {
        if (_submitted == 0) return;
        while (true)
        {
            int count = _pipeline!.Reap(_completions);
            if (count != 0) Pass();
            for (int i = 0; i < count; i++) Complete(_completions[i]);
            if (count < _completions.Length) return;
        }
    }

    private void Complete(StoreCompletion completion)
    {
        PendingRequest request = _requests[completion.Token];
        if (request.Stage != PendingRequestStage.Submitted)
            throw new InvalidOperationException("the store finished an operation that was not under way");
        _submitted--;

        if (request is { StepUnderWay: StoreSteps.Transfer, IsRead: false }) _writesSubmitted--;
        request.Stage = PendingRequestStage.Taken;
        if (completion.Result.IsOkay && request.StepsLeft != StoreSteps.None) return; // AdvanceDraining goes on
        if (ReferenceEquals(request, _draining)) _draining = null;
        Finish(request, Judge(request, completion.Result));
    }
}
