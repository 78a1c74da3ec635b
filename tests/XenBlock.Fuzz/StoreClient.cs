using System.Text;
using XenBlock.Protocol;
using XenBlock.XenStore;

namespace XenBlock.Fuzz;

/// <summary>One connection of <see cref="StoreTarget"/>, and what it must know: its watches and transactions.</summary>
internal sealed class StoreClient
{
    private readonly StoreCore _core;

    public StoreClient(StoreCore core, ushort domain)
    {
        _core = core;
        Domain = domain;
        Session = core.Connect(new DomainId(domain), () => IsWoken = true);
    }

    /// <summary>The domain at this end.</summary>
    public ushort Domain { get; }

    /// <summary>The connection.</summary>
    public StoreSession Session { get; private set; }

    /// <summary>Splits the bytes of this connection.</summary>
    public XsPacketReader Packets { get; private set; } = new();

    /// <summary>True once the store said that something waits.</summary>
    public bool IsWoken { get; set; }

    /// <summary>Watches that stand, as they were sent, with their tokens as text.</summary>
    public List<(string Path, string Token)> Watches { get; } = [];

    /// <summary>Open transactions: what the live tree was when each began.</summary>
    public Dictionary<uint, StoreTree> Transactions { get; } = [];

    /// <summary>Leaves, and comes back with nothing.</summary>
    public void Reconnect()
    {
        _core.Disconnect(Session);
        Forget();
        Packets = new XsPacketReader();
        Session = _core.Connect(new DomainId(Domain), () => IsWoken = true);
    }

    /// <summary>Has no watch and no transaction any more.</summary>
    public void Forget()
    {
        Watches.Clear();
        Transactions.Clear();
    }

    /// <summary>Takes what the packet did to the watches, and checks the events that came with its answer.</summary>
    public void Follow(List<XsPacket> events, bool isError, in XsPacket packet)
    {
        string[] words = Encoding.Latin1.GetString(packet.Payload.Span).Split('\0');
        if (!isError && packet.Operation == XsOperation.Watch) Watches.Add((words[0], words[1]));
        bool isStanding = events.TrueForAll(message => Expects(message.Payload));
        if (!isStanding) throw new FindingException("an event with an answer is of a watch that stands");
        if (!isError && packet.Operation == XsOperation.Unwatch) Watches.Remove((words[0], words[1]));
        if (!isError && packet.Operation == XsOperation.ResetWatches) Forget();
    }

    /// <summary>True if an event may come of one of the watches that stand.</summary>
    public bool Expects(ReadOnlyMemory<byte> payload)
    {
        string[] parts = Encoding.Latin1.GetString(payload.Span).Split('\0');
        return parts.Length == 3 && parts[2].Length == 0 && Watches.Exists(watch =>
            watch.Token == parts[1] && (watch.Path == parts[0] || watch.Path == "/"
                || parts[0].StartsWith(watch.Path + "/", StringComparison.Ordinal)));
    }
}
