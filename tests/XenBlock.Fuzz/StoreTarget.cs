using XenBlock.XenStore;

namespace XenBlock.Fuzz;

/// <summary>
/// XenStore's packets and trees: several connections send packets of any bytes. One answer each, of the right kind; no
/// read or change against the permissions; an error changes nothing; quotas hold; the tree is sound; events come of
/// watches that stand, and a change is never kept from who watches.
/// </summary>
public class StoreTarget : FuzzTarget
{
    private const int PacketsMax = 64;

    private static readonly StoreQuota Quota = new()
    {
        NodesMax = 12,
        WatchesMax = 4,
        TransactionsMax = 3,
        NodesPerTransactionMax = 8,
        NodeMaxBytes = 64,
        PermissionsPerNodeMax = 3,
        EventsPerWatchMax = 4,
    };

    /// <inheritdoc/>
    public override string Name => "store";

    /// <inheritdoc/>
    public override void Run(ReadOnlySpan<byte> input)
    {
        var reader = new InputReader(input);
        var core = new StoreCore(Quota);
        core.Introduce(new(1));
        core.Introduce(new(2));
        core.MakeHome(new(1));
        StoreClient[] clients = [new(core, 0), new(core, 1), new(core, 2), new(core, 1)];
        var check = new StoreCheck(core, clients, Quota);
        for (int packet = 0; packet < PacketsMax && !reader.IsEmpty; packet++)
        {
            byte who = reader.Byte();
            StoreClient client = clients[who & 3];
            if ((who & 0xC0) == 0xC0) client.Reconnect();
            byte[] bytes = ReadPacket(ref reader, client);
            Feed(check, core, client, bytes, isSplit: (who & 4) != 0);
            if (client.Packets.OversizeBytes is not null) client.Reconnect(); // as the server does
        }

        check.End();
    }

    /// <inheritdoc/>
    public override IEnumerable<byte[]> Seeds() => StoreSeeds.All();

    /// <summary>The code under test; a planted fault stands in its place.</summary>
    private protected virtual void Handle(StoreCore core, StoreSession session, in XsPacket packet) =>
        core.Handle(session, in packet);

    // The header is written as a client would, but for its words, which may be anything.
    private static byte[] ReadPacket(ref InputReader reader, StoreClient client)
    {
        byte operation = reader.Byte();
        byte transaction = reader.Byte();
        int length = reader.Byte();
        if (length == 255) length = reader.Half() % 4200;
        ReadOnlySpan<byte> payload = reader.Take(length);
        uint id = transaction switch
        {
            0 => 0,
            255 => 0xFFFF_FFFF,
            _ => client.Transactions.Keys.Order().ElementAtOrDefault((transaction - 1) % 4),
        };
        var bytes = new byte[XsHeader.SizeBytes + payload.Length];
        var asked = (XsOperation)(operation < 200 ? operation : operation << 20);
        new XsHeader(asked, operation * 3u, id, (uint)payload.Length).Write(bytes);
        payload.CopyTo(bytes.AsSpan(XsHeader.SizeBytes));
        return bytes;
    }

    private void Feed(StoreCheck check, StoreCore core, StoreClient client, ReadOnlySpan<byte> bytes, bool isSplit)
    {
        ReadOnlySpan<byte> first = isSplit ? bytes[..(bytes.Length / 2)] : bytes;
        ReadOnlySpan<byte> second = bytes[first.Length..];
        bool isRead = client.Packets.TryRead(ref first, out XsPacket packet);
        if (!isRead && isSplit) isRead = client.Packets.TryRead(ref second, out packet);
        bool isOversize = bytes.Length > XsHeader.SizeBytes + XsHeader.PayloadMaxBytes;
        Require(isRead == !isOversize, "a packet is read, unless it is too long");
        Require(isOversize == client.Packets.OversizeBytes is not null, "a packet too long ends the connection");
        if (!isRead) return;
        Require(packet.ToBytes().AsSpan().SequenceEqual(bytes), "a packet is written as it was read");
        check.Before(client, in packet);
        Handle(core, client.Session, in packet);
        check.After(client, in packet);
    }
}
