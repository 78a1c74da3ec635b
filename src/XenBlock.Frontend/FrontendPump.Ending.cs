namespace XenBlock.Frontend;

/// <content>
/// What becomes of operations when a connection ends: they fail, or are done again with the next one.
/// </content>
internal sealed partial class FrontendPump
{
    /// <summary>Takes the first that waits away; null if there is none. Only between two connections.</summary>
    public FrontendOperation? TakeWaiting() => _waiting.Take();

    /// <summary>Lets an operation wait here that waited in the pump of another queue.</summary>
    public void AddWaiting(FrontendOperation operation) => _waiting.Add(operation);

    private void Abandon(BlockOperationStatus status)
    {
        for (int index = 0; index < _inFlight.Capacity; index++)
        {
            if (AbandonRequest(index) is { } operation) FinishPart(operation, status);
        }

        while (_waiting.First is { } waiting)
        {
            waiting.Fail(status);
            LeaveQueue(waiting);
        }
    }

    /// <summary>
    /// Puts what is on the ring back into the queue, before what waits. Each operation is done again from its start:
    /// reading or writing the same bytes twice is doing it once, and the next backend's limits may ask for other parts.
    /// </summary>
    private void Replay()
    {
        var again = new SortedList<ulong, FrontendOperation>(); // by id, which grows; a reconnect may allocate
        for (int index = 0; index < _inFlight.Capacity; index++)
        {
            ulong id = _inFlight[index].Id;
            if (AbandonRequest(index) is not { } operation) continue;

            // One that is half on the ring stands in the queue already, at its head.
            if (--operation.PartsInFlight == 0 && !operation.IsWaiting) again.Add(id, operation);
        }

        OperationList queue = default;
        foreach (FrontendOperation operation in again.Values) RestartInto(ref queue, operation);
        while (_waiting.Take() is { } waiting) RestartInto(ref queue, waiting);
        _waiting = queue;
    }

    private void RestartInto(ref OperationList queue, FrontendOperation operation)
    {
        if (operation.Status != BlockOperationStatus.Okay)
        {
            operation.IsWaiting = false;
            Complete(operation);
            return;
        }

        if (operation.StartedBytes != 0 || !operation.HasMore) Counters.OperationsReplayed++;
        operation.Restart();
        operation.IsWaiting = true;
        queue.Add(operation);
    }

    /// <summary>Takes a request off the ring that will not be answered; the operation that it is a part of.</summary>
    private FrontendOperation? AbandonRequest(int index)
    {
        ref InFlightRequest request = ref _inFlight[index];
        if (request.Operation is not { } operation) return null;
        _grants!.Abandon(in request, index);
        _inFlight.Give(index);
        return operation;
    }
}
