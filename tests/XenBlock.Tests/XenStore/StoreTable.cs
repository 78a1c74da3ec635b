using System.Text;
using XenBlock.Protocol;
using XenBlock.XenStore;
using Xunit;

namespace XenBlock.Tests.XenStore;

/// <summary>
/// Plays a session, a line each, on the core, and checks every answer and event:
/// <code>
/// 0      WRITE /a|one = OK|       connection 0 (of domain 0) asks; | is a zero byte
/// 1b     READ /a| = EACCES        a second connection of domain 1; no | at the end: the name of an error
/// 0:t    START | = *              the transaction is called t from here on; * is any good answer
/// 0:t    END T| = OK|
/// 1      ! /a|token|              the next event that waits for connection 1
/// 1      ! nothing                no event waits
/// </code>
/// </summary>
internal sealed class StoreTable
{
    private static readonly Dictionary<string, XsOperation> Operations = new(StringComparer.Ordinal)
    {
        ["LIST"] = XsOperation.Directory,
        ["LISTPART"] = XsOperation.DirectoryPart,
        ["READ"] = XsOperation.Read,
        ["WRITE"] = XsOperation.Write,
        ["MKDIR"] = XsOperation.MakeDirectory,
        ["RM"] = XsOperation.Remove,
        ["GETPERMS"] = XsOperation.GetPermissions,
        ["SETPERMS"] = XsOperation.SetPermissions,
        ["WATCH"] = XsOperation.Watch,
        ["UNWATCH"] = XsOperation.Unwatch,
        ["RESET"] = XsOperation.ResetWatches,
        ["START"] = XsOperation.TransactionStart,
        ["END"] = XsOperation.TransactionEnd,
        ["INTRODUCE"] = XsOperation.Introduce,
        ["RELEASE"] = XsOperation.Release,
        ["PATH"] = XsOperation.GetDomainPath,
        ["ISINTRODUCED"] = XsOperation.IsDomainIntroduced,
        ["RESUME"] = XsOperation.Resume,
        ["TARGET"] = XsOperation.SetTarget,
        ["CONTROL"] = XsOperation.Control,
        ["GETFEATURE"] = XsOperation.GetFeature,
        ["SETFEATURE"] = XsOperation.SetFeature,
        ["GETQUOTA"] = XsOperation.GetQuota,
        ["SETQUOTA"] = XsOperation.SetQuota,
        ["EVENT"] = XsOperation.WatchEvent,
        ["BEYOND"] = (XsOperation)4711,
    };

    private readonly Dictionary<string, StoreSession> _sessions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Queue<XsPacket>> _events = new(StringComparer.Ordinal);
    private readonly Dictionary<string, uint> _transactions = new(StringComparer.Ordinal);
    private uint _lastRequest;

    public StoreTable(StoreQuota? quota = null) => Core = new StoreCore(quota ?? new StoreQuota());

    public StoreCore Core { get; }

    /// <summary>Plays a session on a store of its own.</summary>
    public static void Play(string lines, StoreQuota? quota = null) => new StoreTable(quota).Run(lines);

    public void Run(string lines)
    {
        const StringSplitOptions Clean = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        foreach (string line in lines.Split('\n', Clean))
        {
            if (line[0] != '#') RunLine(line);
        }
    }

    public StoreSession SessionOf(string name)
    {
        if (_sessions.TryGetValue(name, out StoreSession? session)) return session;
        ushort domain = ushort.Parse(name.TrimEnd("abcdefgh".ToCharArray()));
        _events.Add(name, new Queue<XsPacket>());
        return _sessions[name] = Core.Connect(new DomainId(domain), static () => { });
    }

    public XsPacket Ask(string connection, XsOperation operation, string payload, uint transactionId = 0)
    {
        StoreSession session = SessionOf(connection);
        uint id = ++_lastRequest;
        Core.Handle(session, new XsPacket(operation, id, transactionId, Bytes(payload)));
        Collect(connection, out XsPacket? answer);
        Assert.NotNull(answer);
        Assert.Equal(id, answer.Value.RequestId);
        Assert.Equal(transactionId, answer.Value.TransactionId);
        return answer.Value;
    }

    private void RunLine(string line)
    {
        string[] words = line.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string[] who = words[0].Split(':');
        SessionOf(who[0]);
        if (words[1][0] == '!')
        {
            ExpectEvent(line, who[0], words[1][1..].Trim());
            return;
        }

        string[] sides = words[1].Split(" =", 2);
        string[] request = sides[0].Split(' ', 2);
        uint transactionId = 0;
        bool isStart = request[0] is "START";
        if (who.Length > 1 && !isStart && !_transactions.TryGetValue(who[1], out transactionId))
            transactionId = 99_999;
        XsOperation operation = Operations[request[0]];
        XsPacket answer = Ask(who[0], operation, request.Length > 1 ? request[1] : "", transactionId);
        if (isStart && who.Length > 1 && answer.Operation != XsOperation.Error)
            _transactions[who[1]] = uint.Parse(Text(answer.Payload).TrimEnd('|'));
        string expected = sides[1].Trim();
        string got = answer.Operation == XsOperation.Error ? Text(answer.Payload)[..^1] : Text(answer.Payload);
        if (expected is "*")
            Assert.True(answer.Operation == operation, $"{line}\n got {got}");
        else
            Assert.True(string.Equals(expected, got, StringComparison.Ordinal), $"{line}\n got {got}");
    }

    private void ExpectEvent(string line, string connection, string expected)
    {
        Collect(connection, out XsPacket? answer);
        Assert.Null(answer);
        string got = _events[connection].TryDequeue(out XsPacket packet) ? Text(packet.Payload) : "nothing";
        Assert.True(string.Equals(expected, got, StringComparison.Ordinal), $"{line}\n got {got}");
        Assert.Equal((0u, 0u), (packet.RequestId, packet.TransactionId));
    }

    private void Collect(string connection, out XsPacket? answer)
    {
        answer = null;
        while (_sessions[connection].TryTake(out XsPacket packet, out bool isAnswer))
        {
            if (isAnswer)
                answer = packet;
            else
                _events[connection].Enqueue(packet);
        }
    }

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text.Replace('|', '\0'));

    private static string Text(ReadOnlyMemory<byte> payload) =>
        Encoding.Latin1.GetString(payload.Span).Replace('\0', '|');
}
