using System.Text;
using XenBlock.Protocol;
using XenBlock.XenStore;

namespace XenBlock.Fuzz;

/// <summary>What must be true after each packet of <see cref="StoreTarget"/>.</summary>
internal sealed class StoreCheck
{
    private readonly StoreCore _core;
    private readonly StoreClient[] _clients;
    private readonly StoreQuota _quota;
    private readonly StoreClient _monitor;
    private readonly Dictionary<ushort, ushort> _targets = [];
    private StoreTree _treeBefore = StoreTree.Empty;
    private StoreTree? _transactionBefore;
    private int _ownedBefore;

    /// <summary>Watches a store over all its clients; one client more sees every change.</summary>
    public StoreCheck(StoreCore core, StoreClient[] clients, StoreQuota quota)
    {
        _core = core;
        _clients = clients;
        _quota = quota;
        _monitor = new StoreClient(core, 0);
        core.Handle(_monitor.Session, new XsPacket(XsOperation.Watch, 1, 0, "/\0monitor\0"u8.ToArray()));
        while (_monitor.Session.TryTake(out _, out _))
        {
        }
    }

    public void Before(StoreClient client, in XsPacket packet)
    {
        _treeBefore = _core.Tree;
        _ownedBefore = _treeBefore.NodesOwnedBy(new DomainId(client.Domain));
        _transactionBefore = client.Session.Transactions.GetValueOrDefault(packet.TransactionId)?.Tree;
    }

    public void After(StoreClient client, in XsPacket packet)
    {
        XsPacket answer = TakeAnswer(client, in packet);
        bool isError = answer.Operation == XsOperation.Error;
        string text = Encoding.Latin1.GetString(answer.Payload.Span);
        if (isError) Require(Enum.TryParse(text.TrimEnd('\0'), out XsError _), "an error has a name of the protocol");
        if (isError) Require(ReferenceEquals(_core.Tree, _treeBefore), "an error changes nothing");
        CheckChange(client, in packet, isError);
        if (!isError) CheckRights(client, in packet);
        if (!isError) Follow(client, in packet, text);
        if (packet.Operation == XsOperation.TransactionEnd) CheckCommit(client, in packet, text);
        CheckBounds(client);
        TakeEvents();
        bool isSame = ReferenceEquals(_core.Tree, _treeBefore);
        Require(isSame || StoreRule.Wrong(_core.Tree) is null, "the tree is sound");
    }

    /// <summary>Everybody leaves: nothing may stay but nodes.</summary>
    public void End()
    {
        foreach (StoreClient client in _clients.Append(_monitor)) _core.Disconnect(client.Session);
        Require(_core.SessionCount == 0 && _core.MessagesWaiting == 0, "nothing waits for who has left");
        Require(StoreRule.Wrong(_core.Tree) is null, "the tree is sound at the end");
    }

    private static void Require(bool holds, string rule)
    {
        if (!holds) throw new FindingException(rule);
    }

    private static XsPacket TakeAnswer(StoreClient client, in XsPacket packet)
    {
        Require(client.IsWoken, "who waits is woken");
        client.IsWoken = false;
        XsPacket? answer = null;
        var events = new List<XsPacket>();
        while (client.Session.TryTake(out XsPacket message, out bool isAnswer))
        {
            Require(message.Payload.Length <= XsHeader.PayloadMaxBytes, "a message is no longer than it may be");
            if (!isAnswer) events.Add(message);
            Require(!isAnswer || answer is null, "a packet has one answer");
            if (isAnswer) answer = message;
        }

        Require(answer is not null, "a packet has an answer");
        bool isOfPacket = answer!.Value.RequestId == packet.RequestId
            && answer.Value.TransactionId == packet.TransactionId
            && (answer.Value.Operation == packet.Operation || answer.Value.Operation == XsOperation.Error);
        Require(isOfPacket, "an answer is that of its packet");
        if (packet.Operation == XsOperation.Watch && answer.Value.Operation != XsOperation.Error)
            Require(events.Count > 0, "a watch fires once at first");
        client.Follow(events, answer.Value.Operation == XsOperation.Error, in packet);
        return answer.Value;
    }

    // What the rights of the caller were before: a read shows nothing, and a change touches nothing, without them.
    private void CheckRights(StoreClient client, in XsPacket packet)
    {
        if (!IsOfNode(packet.Operation) || PathOf(client, in packet) is not { } path || path[0] == '@') return;
        StoreTree tree = packet.TransactionId == 0 ? _treeBefore : _transactionBefore!;
        (StoreNode? node, StoreNode nearest) = StoreRule.Find(tree, path);
        string rights = StoreRule.Rights(nearest, client.Domain, Target(client.Domain));
        bool isAllowed = packet.Operation switch
        {
            XsOperation.Write or XsOperation.Remove => rights.Contains('w'),
            XsOperation.MakeDirectory => rights.Contains(node is null ? 'w' : 'r'),
            XsOperation.SetPermissions => node is not null && rights.Contains('o'),
            _ => node is not null && rights.Contains('r'),
        };
        Require(isAllowed, $"{packet.Operation} of domain {client.Domain} was allowed");
        if (packet.Operation != XsOperation.SetPermissions || client.Domain == 0 || packet.TransactionId != 0) return;
        (StoreNode? now, _) = StoreRule.Find(_core.Tree, path);
        Require(now!.Permissions.Owner == node!.Permissions.Owner, "only dom0 gives a node to another owner");
    }

    // Outside a transaction, and but for a commit, who watches everything hears of what changed and of nothing else.
    private void CheckChange(StoreClient client, in XsPacket packet, bool isError)
    {
        var heard = new List<string>();
        while (_monitor.Session.TryTake(out XsPacket message, out _))
            heard.Add(Encoding.Latin1.GetString(message.Payload.Span).Split('\0')[0]);
        if (packet.Operation == XsOperation.TransactionEnd)
        {
            Require(heard.Count > 0 == !ReferenceEquals(_core.Tree, _treeBefore), "a commit that changes is heard of");
            return;
        }

        bool changes = !isError && packet.TransactionId == 0 && IsChange(packet.Operation);
        string? path = PathOf(client, in packet);
        if (changes && path is not null && path[0] != '@')
        {
            bool wasThere = StoreRule.Find(_treeBefore, path).Node is not null;
            if (packet.Operation == XsOperation.MakeDirectory) changes = !wasThere;
            if (packet.Operation == XsOperation.Remove) changes = wasThere;
        }
        else
        {
            changes = false;
        }

        Require(heard.SequenceEqual(changes ? [path!] : []), "who watches everything hears of each change, once");
        Require(changes || ReferenceEquals(_core.Tree, _treeBefore), "nothing else changes the tree");
    }

    private void CheckCommit(StoreClient client, in XsPacket packet, string text)
    {
        bool isCommit = packet.Payload.Span.SequenceEqual("T\0"u8);
        bool isKnown = client.Transactions.Remove(packet.TransactionId, out StoreTree? start);
        bool isAlone = ReferenceEquals(start, _treeBefore);
        if (!isCommit || !isKnown)
        {
            bool isEnd = isCommit || packet.Payload.Span.SequenceEqual("F\0"u8);
            if (isKnown && !isEnd) client.Transactions.Add(packet.TransactionId, start!);
            Require(ReferenceEquals(_core.Tree, _treeBefore), "only a commit changes the tree");
            return;
        }

        if (text == "EAGAIN\0") Require(!isAlone, "a commit that nobody disturbed goes well");
        if (text != "OK\0" || !isAlone) return;
        Require(
            StoreRule.Dump(_core.Tree.Root) == StoreRule.Dump(_transactionBefore!.Root),
            "a commit that nobody disturbed leaves what the transaction saw");
    }

    private void CheckBounds(StoreClient client)
    {
        if (client.Domain == 0) return;
        int owned = _core.Tree.NodesOwnedBy(new DomainId(client.Domain));
        Require(owned <= Math.Max(_quota.NodesMax, _ownedBefore), "a guest owns no more nodes than its quota");
        Require(client.Session.Watches.Count <= _quota.WatchesMax, "a guest has no more watches than its quota");
        Require(client.Session.Transactions.Count <= _quota.TransactionsMax, "nor more transactions");
    }

    private void TakeEvents()
    {
        foreach (StoreClient client in _clients)
        {
            Require(client.IsWoken || client.Session.OutboxCount == 0, "who waits for events is woken");
            client.IsWoken = false;
            while (client.Session.TryTake(out XsPacket message, out bool isAnswer))
            {
                Require(!isAnswer, "nobody else is answered");
                Require(message.Payload.Length <= XsHeader.PayloadMaxBytes, "an event fits in a message");
                Require(client.Expects(message.Payload), "an event is of a watch that stands");
            }
        }
    }

    private void Follow(StoreClient client, in XsPacket packet, string text)
    {
        string[] words = Encoding.Latin1.GetString(packet.Payload.Span).Split('\0');
        switch (packet.Operation)
        {
            case XsOperation.TransactionStart:
                client.Transactions.Add(uint.Parse(text.TrimEnd('\0')), _treeBefore);
                break;
            case XsOperation.SetTarget:
                _targets[ushort.Parse(words[0])] = ushort.Parse(words[1]);
                break;
            case XsOperation.Release:
                ushort gone = ushort.Parse(words[0]);
                _targets.Remove(gone);
                foreach (ushort holder in _targets.Keys.Where(holder => _targets[holder] == gone).ToList())
                    _targets.Remove(holder);
                foreach (StoreClient other in _clients.Where(other => other.Domain == gone)) other.Forget();
                break;
        }
    }

    private ushort? Target(ushort domain) => _targets.TryGetValue(domain, out ushort target) ? target : null;

    private static bool IsChange(XsOperation operation) => operation is XsOperation.Write or XsOperation.MakeDirectory
        or XsOperation.Remove or XsOperation.SetPermissions;

    private static bool IsOfNode(XsOperation operation) => IsChange(operation) || operation is XsOperation.Read
        or XsOperation.Directory or XsOperation.DirectoryPart or XsOperation.GetPermissions;

    // The absolute path that a packet names, or null for an operation that names none.
    private static string? PathOf(StoreClient client, in XsPacket packet)
    {
        if (!IsOfNode(packet.Operation)) return null;
        string text = Encoding.Latin1.GetString(packet.Payload.Span).Split('\0')[0];
        return text.Length == 0 || text[0] is '/' or '@' ? text.Length == 0 ? null : text
            : $"/local/domain/{client.Domain}/{text}";
    }
}
