using System.Text;
using XenBlock.Protocol;

namespace XenBlock.Fuzz;

/// <summary>An input of <see cref="NegotiationTarget"/>, taken apart: a wish, our offer, both ends' keys.</summary>
internal sealed class NegotiationInput
{
    /// <summary>The keys that an input may name, by number; a name of its own comes last.</summary>
    public static readonly string[] Names =
    [
        .. BackendOffer.KeyNames, VbdKeys.Sectors, VbdKeys.SectorSize, VbdKeys.PhysicalSectorSize, VbdKeys.Info,
        VbdKeys.FeatureLargeSectorSize, VbdKeys.Protocol, VbdKeys.FeatureLifeByte, VbdKeys.RingRef,
        VbdKeys.EventChannel, VbdKeys.RingPageOrder, VbdKeys.NumRingPages, VbdKeys.MultiQueueNumQueues,
        VbdKeys.RingRefN(0), VbdKeys.RingRefN(1), VbdKeys.RingRefN(2), VbdKeys.RingRefN(3),
        .. from queue in Enumerable.Range(0, 3)
           from key in (string[])["ring-ref", "ring-ref0", "ring-ref1", "event-channel"]
           select $"{VbdKeys.QueueN(queue)}/{key}",
    ];

    /// <summary>Takes an input apart.</summary>
    public NegotiationInput(ReadOnlySpan<byte> input)
    {
        var reader = new InputReader(input);
        byte flags = reader.Byte();
        Wish = new FrontendWish
        {
            IndirectSegmentsMax = unchecked((short)reader.Half()),
            RingPageOrder = unchecked((sbyte)reader.Byte()),
            QueuesMax = unchecked((sbyte)reader.Byte()),
            Persistent = (flags & 1) != 0,
            Flush = (flags & 2) != 0,
            Discard = (flags & 4) != 0,
            Abi = (BlkifAbi)((flags >> 3) % 3),
        };
        byte ours = reader.Byte();
        Ours = new BackendOffer
        {
            RingPageOrderMax = (ours & 7) % 7,
            QueuesMax = 1 + ((ours >> 3) & 3),
            Persistent = (ours & 32) != 0,
            Flush = (ours & 64) != 0,
            Discard = (ours & 128) != 0,
        };
        Units = new SectorUnits((flags & 128) != 0, (flags & 64) != 0, (flags & 32) != 0);
        while (!reader.IsEmpty)
        {
            byte which = reader.Byte();
            int name = which & 0x7F;
            string key = name < Names.Length
                ? Names[name]
                : Encoding.Latin1.GetString(reader.Take(name - Names.Length));
            string value = Encoding.Latin1.GetString(reader.Take(reader.Byte()));
            ((which & 0x80) != 0 ? Backend : Frontend)[key] = value;
        }
    }

    /// <summary>What our frontend would like.</summary>
    public FrontendWish Wish { get; }

    /// <summary>What our backend offers to the frontend of the input.</summary>
    public BackendOffer Ours { get; }

    /// <summary>What the backend counts in.</summary>
    public SectorUnits Units { get; }

    /// <summary>The keys of the input's backend.</summary>
    public Dictionary<string, string> Backend { get; } = new(StringComparer.Ordinal);

    /// <summary>The keys of the input's frontend.</summary>
    public Dictionary<string, string> Frontend { get; } = new(StringComparer.Ordinal);

    /// <summary>An input for a seed.</summary>
    public static byte[] Compose(
        int flags, int ours, IReadOnlyDictionary<string, string> backend, IReadOnlyDictionary<string, string> frontend)
    {
        var writer = new InputWriter().Byte(flags).Half(256).Byte(4).Byte(4).Byte(ours);
        Add(backend, 0x80);
        Add(frontend, 0);
        return writer.ToArray();

        void Add(IReadOnlyDictionary<string, string> keys, int side)
        {
            foreach ((string name, string value) in keys)
            {
                int index = Array.IndexOf(Names, name);
                if (index >= 0) writer.Byte(index | side).Byte(value.Length).Bytes(Encoding.Latin1.GetBytes(value));
            }
        }
    }
}
