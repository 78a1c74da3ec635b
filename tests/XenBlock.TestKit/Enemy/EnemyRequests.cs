using XenBlock.Protocol;

namespace XenBlock.TestKit.Enemy;

/// <summary>Requests of a hostile frontend: mostly nearly right, so that they get far.</summary>
internal static class EnemyRequests
{
    /// <summary>
    /// The first of its own pages hold segments. They are never data: what an earlier life wrote to the disk would name
    /// grants that are something else by now.
    /// </summary>
    public const int IndirectPages = 4;

    private static readonly ulong[] _edges =
        [0, 1, 2040, 2047, 2048, 2049, 1UL << 32, ulong.MaxValue, ulong.MaxValue - 7, 1UL << 63];

    public static BlockRequest Make(Random random, EnemyMemory memory, ulong id)
    {
        var request = new BlockRequest
        {
            Operation = (BlkifOperation)(random.Next(12) == 0 ? random.Next(256) : random.Next(2)),
            Id = id,
            SectorFirst = random.Next(8) == 0 ? _edges[random.Next(_edges.Length)] : (ulong)random.Next(1900),
            SegmentCount = (ushort)random.Next(1, 12),
        };
        switch (random.Next(10))
        {
            case 0:
                request.Operation = random.Next(2) == 0 ? BlkifOperation.FlushDiskCache : BlkifOperation.WriteBarrier;
                request.SegmentCount = (ushort)random.Next(0, 12);
                break;
            case 1:
                request.Operation = BlkifOperation.Discard;
                request.DiscardFlags = (byte)random.Next(3);
                do
                {
                    request.SectorCount =
                        random.Next(4) == 0 ? _edges[random.Next(_edges.Length)] : (ulong)random.Next(64);
                }
                while (memory.IsGrantOfOurs(unchecked((uint)request.SectorCount)));

                return request;
            case < 5:
                MakeIndirect(random, memory, ref request);
                return request;
        }

        for (int i = 0; i < ProtocolConstants.DirectSegmentsMax; i++) request.Segments[i] = Segment(random, memory);
        return request;
    }

    /// <summary>A segment that is mostly right.</summary>
    public static BlkifSegment Segment(Random random, EnemyMemory memory)
    {
        uint sectors = Sectors(random, memory);
        return new BlkifSegment
        {
            Grant = Grant(random, memory),
            FirstSector = (byte)(sectors & 0xFF),
            LastSector = (byte)(sectors >> 8 & 0xFF),
        };
    }

    /// <summary>The word of a segment with its sectors, which are mostly right; never a grant of ours.</summary>
    public static uint Sectors(Random random, EnemyMemory memory)
    {
        uint word;
        do
        {
            int first = random.Next(8);
            int last = random.Next(40) == 0 ? random.Next(256) : random.Next(first, 8);
            word = (uint)((random.Next(40) == 0 ? random.Next(256) : first) | (last << 8));
        }
        while (memory.IsGrantOfOurs(word));
        return word;
    }

    /// <summary>A grant that is mostly right.</summary>
    public static uint Grant(Random random, EnemyMemory memory) => random.Next(30) switch
    {
        0 => (uint)random.Next(),
        1 => 30_000u + (uint)random.Next(2_000), // none of ours
        2 or 3 => memory.ReadOnlyGrant(random),
        _ => memory.Grant(random.Next(IndirectPages, memory.OwnCount)),
    };

    private static void MakeIndirect(Random random, EnemyMemory memory, ref BlockRequest request)
    {
        request.IsIndirect = true;
        request.SegmentCount = (ushort)(random.Next(20) == 0 ? random.Next(65_536) : random.Next(1, 33));
        if (request.Operation is not (BlkifOperation.Read or BlkifOperation.Write))
            request.Operation = (BlkifOperation)random.Next(8);
        for (int i = 0; i < ProtocolConstants.IndirectPagesMax; i++)
        {
            request.IndirectGrants[i] =
                random.Next(20) == 0 ? Grant(random, memory) : memory.Grant(random.Next(IndirectPages));
        }
    }
}
