using XenBlock.Protocol;

namespace XenBlock.XenStore;

/// <summary>
/// The store: takes one request after the other and queues answers and events. Single-threaded, without IO, clock or
/// randomness; the shell is <see cref="XenStoreServer"/>. Facts: xen/docs/misc/xenstore.txt and tools/xenstored.
/// </summary>
internal sealed partial class StoreCore(StoreQuota quota)
{
    private static readonly byte[] Okay = "OK\0"u8.ToArray();

    private readonly WatchTable _watches = new();
    private readonly List<StoreSession> _sessions = [];
    private uint _lastTransactionId;
    private StoreTree _tree = StoreTree.Empty;

    /// <summary>The live tree.</summary>
    public StoreTree Tree => _tree;

    /// <summary>Open connections.</summary>
    public int SessionCount => _sessions.Count;

    /// <summary>Answers and events that wait to be sent, on all connections.</summary>
    public int MessagesWaiting => _sessions.Sum(static session => session.OutboxCount);

    /// <summary>A new connection.</summary>
    /// <param name="domain">The domain at the other end.</param>
    /// <param name="wake">Called, from any request, when something waits for this connection.</param>
    public StoreSession Connect(DomainId domain, Action wake)
    {
        var session = new StoreSession(domain, wake);
        _sessions.Add(session);
        return session;
    }

    /// <summary>A connection is gone: its watches and transactions go with it. Its nodes stay.</summary>
    public void Disconnect(StoreSession session)
    {
        Reset(session);
        _sessions.Remove(session);
    }

    /// <summary>Takes a request and queues its answer.</summary>
    public void Handle(StoreSession session, in XsPacket request)
    {
        (XsError error, byte[] answer) = Dispatch(session, request);
        session.Answer(error == XsError.None
            ? new XsPacket(request.Operation, request.RequestId, request.TransactionId, answer)
            : new XsPacket(
                XsOperation.Error, request.RequestId, request.TransactionId, XsPacket.Strings(error.ToString())));
        if (request.Operation == XsOperation.Watch && error == XsError.None) FireFirst(session);
    }

    private StoreCaller CallerOf(StoreSession session) =>
        new(session.Domain, _targets.TryGetValue(session.Domain, out DomainId target) ? target : null);

    private (XsError Error, byte[] Answer) Dispatch(StoreSession session, in XsPacket request)
    {
        ReadOnlySpan<byte> payload = request.Payload.Span;
        return request.Operation switch
        {
            XsOperation.Directory or XsOperation.DirectoryPart or XsOperation.Read or XsOperation.GetPermissions
                or XsOperation.Write or XsOperation.MakeDirectory or XsOperation.Remove or XsOperation.SetPermissions
                => OnNode(session, request),
            XsOperation.Watch => Watch(session, payload),
            XsOperation.Unwatch => Unwatch(session, payload),
            XsOperation.ResetWatches => ResetAll(session),
            XsOperation.TransactionStart => StartTransaction(session, request.TransactionId),
            XsOperation.TransactionEnd => EndTransaction(session, request.TransactionId, payload),
            XsOperation.GetDomainPath => GetDomainPath(payload),
            XsOperation.IsDomainIntroduced => IsDomainIntroduced(payload),
            XsOperation.GetFeature => GetFeature(payload),
            XsOperation.GetQuota => GetQuota(payload),
            XsOperation.Introduce or XsOperation.Release or XsOperation.Resume or XsOperation.SetTarget
                or XsOperation.Control or XsOperation.SetFeature or XsOperation.SetQuota
                => session.Domain == DomainId.Zero ? OnPrivileged(request.Operation, payload) : (XsError.EACCES, []),
            _ => (XsError.ENOSYS, []),
        };
    }

    private (XsError Error, byte[] Answer) StartTransaction(StoreSession session, uint transactionId)
    {
        if (transactionId != 0) return (XsError.EBUSY, []);
        StoreCaller caller = CallerOf(session);
        if (!caller.IsPrivileged && session.Transactions.Count >= quota.TransactionsMax) return (XsError.ENOSPC, []);
        do
        {
            _lastTransactionId = unchecked(_lastTransactionId + 1);
        }
        while (_lastTransactionId == 0 || session.Transactions.ContainsKey(_lastTransactionId));
        session.Transactions.Add(
            _lastTransactionId, new StoreTransaction(_lastTransactionId, _tree, caller, quota));
        return (XsError.None, XsPacket.Strings($"{_lastTransactionId}"));
    }

    private (XsError Error, byte[] Answer) EndTransaction(
        StoreSession session, uint transactionId, ReadOnlySpan<byte> payload)
    {
        bool isCommit = payload.SequenceEqual("T\0"u8);
        if (!isCommit && !payload.SequenceEqual("F\0"u8)) return (XsError.EINVAL, []);
        if (!session.Transactions.Remove(transactionId, out StoreTransaction? transaction)) return (XsError.ENOENT, []);
        if (!isCommit) return (XsError.None, Okay);
        var changes = new List<StoreChange>();
        XsError error = transaction.Commit(ref _tree, changes);
        FireAll(changes);
        return (error, Okay);
    }

    private (XsError Error, byte[] Answer) ResetAll(StoreSession session)
    {
        Reset(session);
        return (XsError.None, Okay);
    }

    private void Reset(StoreSession session)
    {
        foreach (StoreWatch watch in session.Watches) _watches.Remove(watch);
        session.Watches.Clear();
        session.Transactions.Clear();
    }
}
