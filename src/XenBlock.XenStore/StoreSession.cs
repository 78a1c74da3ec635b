using System.Text;
using XenBlock.Protocol;

namespace XenBlock.XenStore;

/// <summary>
/// One connection as the core knows it: its watches, its transactions, and what waits to be sent to it.
/// </summary>
/// <remarks>
/// Bounded on purpose: the shell takes no further request while <see cref="StoreQuota.RequestsOutstandingMax"/> answers
/// wait, and an event waits only once for each watch and path (S7).
/// </remarks>
/// <param name="domain">The domain at the other end.</param>
/// <param name="wake">Called when something waits to be sent.</param>
internal sealed class StoreSession(DomainId domain, Action wake)
{
    private readonly Queue<(XsPacket Answer, StoreWatch? Watch, string Path)> _outbox = new();

    /// <summary>The domain at the other end.</summary>
    public DomainId Domain => domain;

    /// <summary>Its watches.</summary>
    public List<StoreWatch> Watches { get; } = [];

    /// <summary>Its open transactions by number.</summary>
    public Dictionary<uint, StoreTransaction> Transactions { get; } = [];

    /// <summary>Events and answers that wait.</summary>
    public int OutboxCount => _outbox.Count;

    /// <summary>Queues an answer.</summary>
    public void Answer(XsPacket answer)
    {
        _outbox.Enqueue((answer, null, ""));
        wake();
    }

    /// <summary>Queues an event, unless the same one waits already.</summary>
    public void Fire(StoreWatch watch, StorePath changed, int waitingMax)
    {
        string path = watch.Report(changed);
        // The watched path itself always has a place: it is what stands for all the others.
        if (watch.Waiting.Count >= waitingMax && !watch.Waiting.Contains(path)) path = watch.Report(watch.Path);
        if (!watch.Waiting.Add(path)) return;
        _outbox.Enqueue((default, watch, path));
        wake();
    }

    /// <summary>Takes the next message to send.</summary>
    /// <param name="packet">The message.</param>
    /// <param name="isAnswer">True for an answer, false for an event.</param>
    public bool TryTake(out XsPacket packet, out bool isAnswer)
    {
        packet = default;
        isAnswer = false;
        while (_outbox.TryDequeue(out (XsPacket Answer, StoreWatch? Watch, string Path) next))
        {
            if (next.Watch is null)
            {
                packet = next.Answer;
                isAnswer = true;
                return true;
            }

            next.Watch.Waiting.Remove(next.Path);
            if (next.Watch.IsGone) continue;
            byte[] payload = [.. Encoding.ASCII.GetBytes(next.Path), 0, .. next.Watch.Token, 0];
            packet = new XsPacket(XsOperation.WatchEvent, 0, 0, payload);
            return true;
        }

        return false;
    }
}
