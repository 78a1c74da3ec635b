using XenBlock.Protocol;

namespace XenBlock.Backend;

/// <content>
/// What outlives the process: the journal of what is under way, and going on where the last process was killed.
/// </content>
internal sealed partial class BackendPump
{
    private InFlightRequests? _recovered;
    private int _recoveredCount; // begun so far

    // Entries that the last process left are taken already; the others are free.
    private void FillFree()
    {
        if (_recovered is { } left)
        {
            foreach (int entry in left.Answered) _requests[entry].Stage = PendingRequestStage.Taken;
            foreach (int entry in left.Taken) _requests[entry].Stage = PendingRequestStage.Taken;
        }

        for (int i = _requests.Length - 1; i >= 0; i--)
        {
            if (_requests[i].Stage == PendingRequestStage.Free) _free[_freeCount++] = i;
        }
    }

    private void NotifyAtTheStart()
    {
        _mustNotify = false;
        _counters.NotificationsSent++;
        _channel.Notify();
    }

    // True if there was one left by the last process: they come before anything on the ring. What was answered is
    // answered again in the same words, what was not is done again from the copy that was taken then.
    private bool BeginRecovered()
    {
        if (_recovered is not { } left) return false;
        if (_recoveredCount == left.Answered.Count + left.Taken.Count)
        {
            _recovered = null;
            return false;
        }

        int next = _recoveredCount++;
        _counters.Recovered++;
        if (next >= left.Answered.Count)
        {
            int entry = left.Taken[next - left.Answered.Count];
            _journal!.ReadSlot(entry, _slot);
            Begin(_requests[entry]);
            return true;
        }

        PendingRequest request = _requests[left.Answered[next]];
        BlockResponse response = _journal!.ReadResponse(request.Index);
        request.Id = response.Id;
        request.Operation = response.Operation;
        Finish(request, response.Status);
        return true;
    }

    private void ForgetPublished(ReadOnlySpan<PendingRequest> published)
    {
        _journal!.Publish(_ring.ResponseProducer);
        foreach (PendingRequest request in published) _journal.Release(request.Index);
    }
}
