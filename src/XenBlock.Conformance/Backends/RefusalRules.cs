using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>Requests that make no sense: each is answered with an error, and the disk goes on.</summary>
internal static class RefusalRules
{
    private const string Blkback = "Linux drivers/block/xen-blkback/blkback.c";

    public static IEnumerable<BackendRule> All =>
    [
        BackendRule.OnSession("refuse-empty", "A read of no segment is answered, and the disk goes on",
            $"{Blkback}, dispatch_rw_block_io; S23", RuleRisk.None, Empty),
        BackendRule.OnSession("refuse-many", "A direct request of more than 11 segments is refused",
            $"{Blkback}, dispatch_rw_block_io; S23", RuleRisk.None, Many),
        BackendRule.OnSession("refuse-backwards", "A segment that ends before it begins is refused",
            $"{Blkback}, dispatch_rw_block_io", RuleRisk.None, (probe, session) => Segment(probe, session, 4, 3)),
        BackendRule.OnSession("refuse-beyond-page", "A segment that reaches beyond its page is refused",
            $"{Blkback}, dispatch_rw_block_io", RuleRisk.None, BeyondPage),
        BackendRule.OnSession("refuse-past-end", "A read that reaches past the end is refused",
            $"{Blkback}, xen_vbd_translate; S22", RuleRisk.None, PastEnd),
        BackendRule.OnSession("refuse-overflow", "A first sector with which the sum overflows is refused",
            $"{Blkback}, xen_vbd_translate; S22", RuleRisk.None, Overflow),
        BackendRule.OnSession("refuse-misaligned", "A read that is no whole number of the disk's sectors is refused",
            "xen/include/public/io/blkif.h, sector_number; Xen commit 221f2748e8", RuleRisk.None, Misaligned),
        BackendRule.OnSession("refuse-unknown", "An operation that is none is refused",
            $"{Blkback}, dispatch_other_io", RuleRisk.None, (probe, session) => Operations(session, 7, 77, 255)),
        BackendRule.OnSession("refuse-reserved", "The reserved operation 4 is refused",
            "xen/include/public/io/blkif.h, BLKIF_OP_RESERVED_1", RuleRisk.None,
            (probe, session) => Operations(session, (byte)BlkifOperation.Reserved1)),
    ];

    // Linux refuses it; a backend that answers that nothing was read does no harm, and no header forbids it.
    private static Finding Empty(BackendProbe probe, BackendSession session)
    {
        BlockRequest request = session.Direct(BlkifOperation.Read, probe.Region.FirstSector);
        BlkifStatus status = session.Line.Ask(in request).Status;
        return Finding.Of(session.Alive(), $"answered {BackendSession.Words(status)}");
    }

    private static Finding Many(BackendProbe probe, BackendSession session)
    {
        foreach (int count in (int[])[12, 64, 255])
        {
            BlockRequest request = session.Direct(BlkifOperation.Read, probe.Region.FirstSector, Piece.Pages(11));
            request.SegmentCount = (ushort)count;
            if (session.Refused(in request, $"a direct read of {count} segments") is { } wrong)
                return Finding.Failed(wrong);
        }

        return Finding.Passed();
    }

    private static Finding Segment(BackendProbe probe, BackendSession session, int first, int last)
    {
        BlockRequest request =
            session.Direct(BlkifOperation.Read, probe.Region.FirstSector, new Piece(0), new Piece(1, first, last));
        return Finding.Of(session.Refused(in request, $"a segment from sector {first} to {last} of its page"));
    }

    private static Finding BeyondPage(BackendProbe probe, BackendSession session)
    {
        foreach ((int first, int last) in ((int, int)[])[(0, 8), (7, 8), (8, 8), (0, 255), (255, 255)])
        {
            Finding finding = Segment(probe, session, first, last);
            if (finding.Verdict != Verdict.Passed) return finding;
        }

        return Finding.Passed();
    }

    private static Finding PastEnd(BackendProbe probe, BackendSession session)
    {
        ulong end = probe.Disk.SectorCount;
        foreach (ulong sector in (ulong[])[end - (ulong)probe.Unit, end, end + 8, end * 2])
        {
            BlockRequest request = session.Direct(BlkifOperation.Read, sector, Piece.Pages(2));
            string? wrong = session.Refused(in request, $"a read of 16 sectors at sector {sector} of {end}");
            if (wrong is not null) return Finding.Failed(wrong);
        }

        return Finding.Passed();
    }

    private static Finding Overflow(BackendProbe probe, BackendSession session)
    {
        foreach (ulong sector in (ulong[])
            [ulong.MaxValue & ~7ul, ulong.MaxValue, 1ul << 63, (1ul << 55) - 8, (1ul << 55) + probe.Region.FirstSector])
        {
            BlockRequest request = session.Direct(BlkifOperation.Read, sector, Piece.Pages(2));
            if (session.Refused(in request, $"a read at sector 0x{sector:x}") is { } wrong)
                return Finding.Failed(wrong);
        }

        return Finding.Passed();
    }

    private static Finding Misaligned(BackendProbe probe, BackendSession session)
    {
        if (probe.Unit == 1) return Finding.NotApplicable("the disk's sectors are of 512 bytes");
        BlockRequest request = session.Direct(BlkifOperation.Read, probe.Region.FirstSector, new Piece(0, 0, 0));
        return Finding.Of(session.Refused(in request, "a read of 512 bytes"));
    }

    private static Finding Operations(BackendSession session, params byte[] operations)
    {
        var answers = new List<string>();
        foreach (byte operation in operations)
        {
            BlockRequest request = session.Direct((BlkifOperation)operation, 0, new Piece(0));
            BlkifStatus status = session.Line.Ask(in request).Status;
            if (status == BlkifStatus.Okay) return Finding.Failed($"operation {operation} was answered okay");
            if (session.Alive() is { } dead) return Finding.Failed($"after operation {operation}, {dead}");
            answers.Add(BackendSession.Words(status));
        }

        return Finding.Passed($"answered {string.Join(", ", answers.Distinct(StringComparer.Ordinal))}");
    }
}
