using XenBlock.Backend;
using XenBlock.Protocol;

namespace XenBlock.Fuzz;

/// <summary>Rings of an honest frontend, with a few words wrong here and there.</summary>
internal static class RingSeeds
{
    private const int AllowsAll = 0x1E;
    private const int Together = 0x20;

    public static IEnumerable<byte[]> All()
    {
        foreach (PayloadAccess access in Enum.GetValues<PayloadAccess>())
        {
            foreach (BlkifAbi abi in Enum.GetValues<BlkifAbi>())
            {
                yield return RingInput.Compose(abi, access, AllowsAll | Together, Plain(), []);
                yield return RingInput.Compose(abi, access, AllowsAll | Together, Plain(), [], isPipelined: true);
                yield return RingInput.Compose(
                    abi,
                    access,
                    AllowsAll,
                    [Indirect(BlkifOperation.Write, 16, 0), Indirect(BlkifOperation.Read, 12, 0)],
                    RingInput.Chunk(0, isRepeated: false, [.. Enumerable.Range(2, 9).Select(WholePage)]));
            }

            // Many segments: each of one sector, all of the same page.
            var small = new BlkifSegment { Grant = RingInput.FirstGrant + 3, FirstSector = 1, LastSector = 1 };
            yield return RingInput.Compose(
                BlkifAbi.X86_64,
                access,
                AllowsAll | Together,
                [Indirect(BlkifOperation.Read, 200, 0)],
                RingInput.Chunk(0, isRepeated: true, small));
            yield return RingInput.Compose(BlkifAbi.X86_64, access, 0xC0 | AllowsAll, Plain(), []);
        }
    }

    private static BlockRequest[] Plain() =>
    [
        Direct(BlkifOperation.Write, 3, 0),
        Direct(BlkifOperation.Read, 2, 8),
        Direct(BlkifOperation.FlushDiskCache, 0, 0),
        Direct(BlkifOperation.WriteBarrier, 1, 16),
        new BlockRequest { Operation = BlkifOperation.Discard, Id = 5, SectorFirst = 8, SectorCount = 8 },
        Direct(BlkifOperation.Reserved1, 0, 0),
    ];

    private static BlockRequest Direct(BlkifOperation operation, int pages, ulong sector)
    {
        var request = new BlockRequest
        {
            Operation = operation,
            Id = sector + 1,
            SectorFirst = sector,
            SegmentCount = (ushort)pages,
        };
        for (int i = 0; i < pages; i++) request.Segments[i] = WholePage(i);
        return request;
    }

    private static BlockRequest Indirect(BlkifOperation operation, int segments, int page)
    {
        var request = new BlockRequest
        {
            IsIndirect = true,
            Operation = operation,
            Id = 99,
            SegmentCount = (ushort)segments,
        };
        for (int i = 0; i < ProtocolConstants.IndirectPagesMax; i++)
            request.IndirectGrants[i] = RingInput.FirstGrant + (uint)(page + i);
        return request;
    }

    private static BlkifSegment WholePage(int page) =>
        new() { Grant = RingInput.FirstGrant + (uint)page, FirstSector = 0, LastSector = 7 };
}
