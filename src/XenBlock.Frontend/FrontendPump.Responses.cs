using XenBlock.Protocol;

namespace XenBlock.Frontend;

/// <content>
/// What a response does: its grants end, its data is copied out, its operation is a part nearer to done.
/// </content>
internal sealed partial class FrontendPump
{
    /// <summary>Uses one response; false if it ended the connection.</summary>
    private bool UseResponse(in BlockResponse response)
    {
        int index = _inFlight.Find(response.Id);
        if (index < 0)
        {
            Fault($"a response has id {response.Id:x}, which no request under way has");
            return false;
        }

        if (IsTraced) StampTaken(response.Id, response.Status);
        ref InFlightRequest request = ref _inFlight[index];
        if (request.WireOperation != response.Operation)
        {
            Fault($"a response to a request of {request.WireOperation} names operation {(int)response.Operation}");
            return false;
        }

        BlockOperationStatus status = response.Status switch
        {
            BlkifStatus.Okay => BlockOperationStatus.Okay,
            BlkifStatus.NotSupported => BlockOperationStatus.NotSupported,
            _ => BlockOperationStatus.InputOutputError,
        };
        if (status != BlockOperationStatus.Okay) Counters.ErrorResponses++;
        FrontendOperation operation = request.Operation!;

        // Revoked first, then read: what is copied out is what the backend can no longer change.
        bool isFree = request.OfferedCount == 0 || _grants!.Revoke(in request, index);
        if (request.OfferedCount != 0) StampRevoked(response.Id, request.OfferedCount);
        if (request.Region >= 0) FinishRegion(in request, operation, status, isFree);
        else if (!isFree && operation.Buffer is { } buffer) buffer.IsQuarantined = true;
        _inFlight.Give(index);
        FinishPart(operation, status);
        return true;
    }

    private void FinishRegion(
        in InFlightRequest request, FrontendOperation operation, BlockOperationStatus status, bool isFree)
    {
        if (operation.Kind == BlockOperation.Read && status == BlockOperationStatus.Okay)
        {
            _pool.Pages.CopyOut(
                _pool.FirstPage(request.Region) * ProtocolConstants.PageSizeBytes,
                operation.Data.Slice((int)request.StartBytes, request.LengthBytes));
            Counters.BytesCopied += request.LengthBytes;
        }

        // S15: the next request's pages must not show the backend what this one's held.
        if (!_link!.IsTrusted) _pool.Clear(request.Region);

        // S14: a region with a page that the peer still has is never used again.
        if (isFree) _pool.Give(request.Region);
        else _pool.Quarantine();
    }

    private void FinishPart(FrontendOperation operation, BlockOperationStatus status)
    {
        operation.PartsInFlight--;

        // An operation with a failed part has failed; its other parts would be work for nothing.
        if (status != BlockOperationStatus.Okay) operation.Fail(status);
        if (operation.PartsInFlight == 0 && !operation.HasMore && !operation.IsWaiting) Complete(operation);
    }

    private void LeaveQueue(FrontendOperation operation)
    {
        _waiting.Remove(operation);
        operation.IsWaiting = false;
        if (operation.PartsInFlight == 0) Complete(operation);
    }

    private void Complete(FrontendOperation operation)
    {
        operation.Buffer?.EndUse();
        if (operation.SubmittedTicks != 0) Durations?.Record(operation);
        if (operation.Status == BlockOperationStatus.Okay)
        {
            if (operation.Kind == BlockOperation.Read) Counters.BytesRead += operation.LengthBytes;
            else if (operation.Kind == BlockOperation.Write) Counters.BytesWritten += operation.LengthBytes;
        }

        _completed.Add(operation);
    }
}
