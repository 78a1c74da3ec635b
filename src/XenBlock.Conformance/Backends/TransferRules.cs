using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>Reads and writes of all shapes.</summary>
internal static class TransferRules
{
    private const string Request = "xen/include/public/io/blkif.h, struct blkif_request";
    private const int Pages = ProtocolConstants.DirectSegmentsMax;

    public static IEnumerable<BackendRule> All =>
    [
        BackendRule.OnSession("read-segments", "A read of 1 to 11 segments gives what the disk holds", Request,
            RuleRisk.None, ReadSegments),
        BackendRule.OnSession("read-shapes", "A segment may be any run of sectors within its page, and no other byte "
            + "of the page changes", $"{Request}_segment", RuleRisk.None, ReadShapes),
        BackendRule.OnSession("read-mixed", "The segments of a request may all be of different shapes", Request,
            RuleRisk.None, ReadMixed),
        BackendRule.OnSession("read-last", "The last sector of the disk can be read", Request,
            RuleRisk.None, ReadLast),
        BackendRule.OnSession("handle", "The handle of a request is only informative",
            "Linux drivers/block/xen-blkback/blkback.c; S26", RuleRisk.None, Handle),
        BackendRule.OnSession("write-segments", "What 1 to 11 segments write is what is read, and no other sector "
            + "changes", Request, RuleRisk.Writes, WriteSegments),
        BackendRule.OnSession("write-shapes", "A write may be of any run of sectors within a page",
            $"{Request}_segment", RuleRisk.Writes, WriteShapes),
        BackendRule.OnSession("write-atomic", "A write with one segment of the wrong sort writes nothing",
            "Linux drivers/block/xen-blkback/blkback.c, dispatch_rw_block_io", RuleRisk.Writes, WriteAtomic),
        BackendRule.OnSession("write-past-end", "A write that reaches past the end is refused",
            "Linux drivers/block/xen-blkback/blkback.c, xen_vbd_translate; S22", RuleRisk.Writes, WritePastEnd),
        BackendRule.OnSession("read-only", "A read-only disk refuses writes, and is not changed",
            "XSA-142; S17", RuleRisk.Writes, ReadOnly),
    ];

    private static Finding ReadSegments(BackendProbe probe, BackendSession session)
    {
        for (int count = 1; count <= Math.Min(Pages, probe.Region.PageCount); count++)
        {
            if (session.Read(probe.Region.FirstSector, Piece.Pages(count)) is { } wrong) return Finding.Failed(wrong);
        }

        return Finding.Passed(probe.Region.IsBlank ? "the disk is blank there, so the data shows little" : "");
    }

    private static Finding ReadShapes(BackendProbe probe, BackendSession session)
    {
        int shapes = 0;
        foreach (Piece piece in Shapes(probe.Unit))
        {
            shapes++;
            if (session.Read(probe.Region.FirstSector, [piece]) is { } wrong) return Finding.Failed(wrong);
        }

        return Finding.Passed($"{shapes} shapes");
    }

    private static Finding ReadMixed(BackendProbe probe, BackendSession session) => Finding.Of(
        probe.Region.PageCount < Pages ? null : session.Read(probe.Region.FirstSector, Mixed(probe.Unit)));

    private static Finding ReadLast(BackendProbe probe, BackendSession session)
    {
        ulong last = probe.Disk.SectorCount - (ulong)probe.Unit;
        BlockRequest request =
            session.Direct(BlkifOperation.Read, last, new Piece(0, 0, probe.Unit - 1));
        BlkifStatus status = session.Line.Ask(in request).Status;
        return Finding.Of(status == BlkifStatus.Okay ? null : $"sector {last} gave {BackendSession.Words(status)}");
    }

    private static Finding Handle(BackendProbe probe, BackendSession session)
    {
        BlockRequest request = session.Direct(BlkifOperation.Read, probe.Region.FirstSector, new Piece(0));
        request.Handle = 0xbeef;
        BlkifStatus status = session.Line.Ask(in request).Status;
        return Finding.Of(
            status == BlkifStatus.Okay ? null : $"a handle of 0xbeef gave {BackendSession.Words(status)}");
    }

    private static Finding WriteSegments(BackendProbe probe, BackendSession session)
    {
        if (probe.IsReadOnly) return Finding.NotApplicable("the disk is read-only");
        for (int count = 1; count <= Math.Min(Pages, probe.Region.PageCount - 1); count++)
        {
            ulong sector = probe.Region.FirstSector + ProtocolConstants.SectorsPerPage;
            if (session.Write(sector, Piece.Pages(count)) is { } wrong) return Finding.Failed(wrong);
        }

        return Finding.Passed();
    }

    private static Finding WriteShapes(BackendProbe probe, BackendSession session)
    {
        if (probe.IsReadOnly) return Finding.NotApplicable("the disk is read-only");
        ulong sector = probe.Region.FirstSector;
        foreach (Piece piece in Shapes(probe.Unit))
        {
            if (session.Write(sector, [piece]) is { } wrong) return Finding.Failed(wrong);
        }

        return Finding.Of(probe.Region.PageCount < Pages + 1 ? null : session.Write(sector, Mixed(probe.Unit)));
    }

    private static Finding WriteAtomic(BackendProbe probe, BackendSession session)
    {
        if (probe.IsReadOnly) return Finding.NotApplicable("the disk is read-only");
        ulong sector = probe.Region.FirstSector;
        Piece[] pieces = [.. Piece.Pages(3), new Piece(3, 5, 4)];
        session.Fill(pieces);
        BlockRequest request = session.Direct(BlkifOperation.Write, sector, pieces);
        return Finding.Of(
            session.Refused(in request, "a write whose fourth segment ends before it begins")
                ?? session.VerifyAround(sector, sector + (4 * ProtocolConstants.SectorsPerPage)));
    }

    private static Finding WritePastEnd(BackendProbe probe, BackendSession session)
    {
        if (probe.IsReadOnly) return Finding.NotApplicable("the disk is read-only");
        BlockRequest request = session.Direct(BlkifOperation.Write, probe.Disk.SectorCount, new Piece(0));
        if (session.Refused(in request, "a write at the end of the disk") is { } wrong) return Finding.Failed(wrong);
        request = session.Direct(BlkifOperation.Write, ulong.MaxValue - 7 & ~7ul, new Piece(0));
        return Finding.Of(session.Refused(in request, "a write at the last sectors that there could be"));
    }

    private static Finding ReadOnly(BackendProbe probe, BackendSession session)
    {
        if (!probe.IsReadOnly) return Finding.NotApplicable("the disk is not read-only");
        ulong sector = probe.Region.FirstSector;
        foreach (BlkifOperation operation in (BlkifOperation[])
            [BlkifOperation.Write, BlkifOperation.WriteBarrier, BlkifOperation.FlushDiskCache])
        {
            session.Fill(Piece.Pages(1));
            BlockRequest request = session.Direct(operation, sector, new Piece(0));
            string? wrong = session.Refused(in request, $"operation {(int)operation} with a page on a read-only disk")
                ?? session.VerifyAround(sector, sector + ProtocolConstants.SectorsPerPage);
            if (wrong is not null) return Finding.Failed(wrong);
        }

        return Finding.Passed();
    }

    // Every run within a page that is a whole number of the disk's sectors.
    private static IEnumerable<Piece> Shapes(int unit) =>
        from first in Enumerable.Range(0, ProtocolConstants.SectorsPerPage)
        from last in Enumerable.Range(first, ProtocolConstants.SectorsPerPage - first)
        where (last - first + 1) % unit == 0
        select new Piece(1, first, last);

    // Eleven segments, each in a page of its own: first a part of a page, then others.
    private static Piece[] Mixed(int unit)
    {
        Piece[] shapes = [.. Shapes(unit)];
        return [.. Enumerable.Range(0, Pages).Select(i => shapes[i * 7 % shapes.Length] with { Page = i })];
    }
}
