using System.Buffers.Binary;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.TestKit.Enemy;

/// <summary>
/// A hostile frontend's end of a ring: slots and words are written one by one, by two threads, while the backend reads
/// them. Shares no code with the rings of the product but the offsets.
/// </summary>
internal sealed class EnemyRing
{
    private readonly EnemyMemory _memory;
    private readonly EnemyPlan _plan;
    private readonly RingLayout _layout;
    private readonly byte[] _slot;
    private readonly int _idOffset;
    private readonly int _segmentsOffset;
    private readonly HashSet<ulong> _open = [];
    private uint _produced;
    private uint _consumed;
    private ulong _nextId = 1;

    public EnemyRing(EnemyMemory memory, EnemyPlan plan, Random random)
    {
        _memory = memory;
        _plan = plan;
        _slot = new byte[BlkifCodec.SlotSizeBytes(plan.Abi)];
        _layout = RingLayout.For(_slot.Length, plan.RingPageCount);
        _idOffset = plan.Abi == BlkifAbi.X86_32 ? 4 : 8; // after three or four bytes, and padding to a ulong's place
        _segmentsOffset = plan.Abi == BlkifAbi.X86_32 ? 20 : 24;
        _produced = _consumed = plan.RingStart;
        memory.Ring.Clear(0, memory.Ring.LengthBytes);
        foreach (int offset in new[] { RingLayout.RequestProducer, RingLayout.ResponseProducer })
            memory.Ring.StoreRelease(offset, plan.RingStart);
        foreach (int offset in new[] { RingLayout.RequestEvent, RingLayout.ResponseEvent })
            memory.Ring.StoreRelease(offset, unchecked(plan.RingStart + 1));
        for (int page = 0; page < EnemyRequests.IndirectPages; page++)
        {
            for (int offset = 0; offset < ProtocolConstants.PageSizeBytes; offset += BlkifSegment.SizeBytes)
                memory.Own(page).CopyIn(offset, EnemyRequests.Segment(random, memory));
        }
    }

    /// <summary>Requests published.</summary>
    public int Requests { get; private set; }

    /// <summary>Responses that the backend has published.</summary>
    public int Responses { get; private set; }

    /// <summary>Requests that are published and not answered.</summary>
    public int Unanswered => unchecked((int)(_produced - _consumed));

    /// <summary>Publishes some requests, each as bad as chance wills.</summary>
    public void Put(Random random)
    {
        int free = (int)_layout.SlotCount - Unanswered;
        int count = random.Next(1, Math.Max(2, free + 1));
        for (int i = 0; i < Math.Min(count, free); i++)
        {
            BlockRequest request = EnemyRequests.Make(random, _memory, _nextId);
            BlkifCodec.WriteRequest(_plan.Abi, in request, _slot);
            FillGaps(_slot);
            if (random.Next(6) == 0) SpoilSlot(random, _slot);
            _open.Add(BinaryPrimitives.ReadUInt64LittleEndian(_slot.AsSpan(_idOffset)));
            _memory.Ring.CopyIn(_layout.SlotOffset(_produced), _slot);
            _produced = unchecked(_produced + 1);
            _nextId++;
            Requests++;
        }

        _memory.Ring.StoreRelease(RingLayout.RequestProducer, _produced);
    }

    /// <summary>Takes what is answered; null, or what is wrong with it.</summary>
    public string? Take()
    {
        uint published = _memory.Ring.LoadAcquire(RingLayout.ResponseProducer);
        if (unchecked(published - _consumed) > (uint)Unanswered)
            return $"{unchecked(published - _consumed)} responses to {Unanswered} requests";
        byte[] response = new byte[BlkifCodec.ResponseSizeBytes(_plan.Abi)];
        while (_consumed != published)
        {
            _memory.Ring.CopyOut(_layout.SlotOffset(_consumed), response);
            _consumed = unchecked(_consumed + 1);
            Responses++;
            if (_plan.SpoilsIds) continue;

            // The rewriting thread leaves the first sixteen bytes alone, so this is what the backend wrote.
            ulong id = BlkifCodec.ReadResponse(response).Id;
            if (!_open.Remove(id)) return $"a response to {id:x}, which is not open";
        }

        return null;
    }

    /// <summary>One step of the other thread: slots, indirect pages and words, whoever reads them now.</summary>
    public void Rewrite(Random random)
    {
        switch (random.Next(10))
        {
            case < 5:
                RewriteSlot(random, _layout.SlotOffset((uint)random.Next((int)_layout.SlotCount)));
                break;
            case < 8:
                SharedPages page = _memory.Own(random.Next(EnemyRequests.IndirectPages));
                page.CopyIn(random.Next(64) * BlkifSegment.SizeBytes, EnemyRequests.Segment(random, _memory));
                break;
            case 8:
                int word = random.Next(2) == 0 ? RingLayout.RequestEvent : RingLayout.ResponseEvent;
                _memory.Ring.StoreRelease(word, random.Next(2) == 0 ? unchecked(_produced + 1) : (uint)random.Next());
                break;
            default:
                if (_plan.BreaksRing) Break(random);
                break;
        }
    }

    private void Break(Random random)
    {
        if (random.Next(200) != 0) return; // else no ring lives long enough to be of use
        int word = random.Next(4) * sizeof(uint);
        uint value = random.Next(3) switch
        {
            0 => unchecked(_produced + (uint)random.Next(-4, 200)),
            1 => (uint)random.Next(),
            _ => uint.MaxValue,
        };
        _memory.Ring.StoreRelease(word, value);
    }

    // Bytes of the head, and whole words behind it, which are grants and sectors of segments, or grants of pages with
    // segments. A grant that was not meant to be named must not come about by chance, so no byte of them changes alone.
    private void RewriteSlot(Random random, int start)
    {
        int spared = _plan.SpoilsIds ? 0 : 16; // where the id of a request is, and that of its response
        if (random.Next(2) == 0)
        {
            _memory.Ring.CopyIn(start + random.Next(spared, _segmentsOffset), (byte)Odd(random));
            return;
        }

        int word = _segmentsOffset + (random.Next((_slot.Length - _segmentsOffset) / sizeof(uint)) * sizeof(uint));
        uint sectors = EnemyRequests.Sectors(random, _memory);
        _memory.Ring.CopyIn(start + word, random.Next(2) == 0 ? sectors : EnemyRequests.Grant(random, _memory));
    }

    // A count that grows while it is read reaches words that nobody wrote. Zero would be a grant, on Xen the console's.
    private void FillGaps(Span<byte> slot)
    {
        for (int offset = _segmentsOffset; offset <= slot.Length - sizeof(uint); offset += BlkifSegment.SizeBytes)
        {
            Span<byte> word = slot.Slice(offset, sizeof(uint));
            if (BinaryPrimitives.ReadUInt32LittleEndian(word) == 0) word.Fill(0xFF);
        }
    }

    private void SpoilSlot(Random random, Span<byte> slot)
    {
        int spared = _idOffset + sizeof(ulong);
        for (int i = random.Next(1, 5); i > 0; i--)
        {
            int offset = random.Next(_segmentsOffset);
            if (offset < _idOffset || offset >= spared) slot[offset] = (byte)Odd(random);
        }
    }

    // Small numbers, the edges of a byte, and the rest.
    private static int Odd(Random random) => random.Next(4) switch
    {
        0 => random.Next(13),
        1 => 255 - random.Next(3),
        2 => 0,
        _ => random.Next(256),
    };
}
