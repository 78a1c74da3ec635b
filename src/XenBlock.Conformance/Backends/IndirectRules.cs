using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>Indirect requests.</summary>
internal static class IndirectRules
{
    private const string Header = "xen/include/public/io/blkif.h, BLKIF_OP_INDIRECT";
    private const string Blkback = "Linux drivers/block/xen-blkback/blkback.c";
    private const int PagesMax = 512; // what the region of the disk, and the pages of the check, have room for

    public static IEnumerable<BackendRule> All =>
    [
        Offered("indirect-read", "An indirect read of 1 to the most segments gives what the disk holds", Header,
            RuleRisk.None, Read),
        Offered("indirect-shapes", "The segments of an indirect page may be of any shape", Header,
            RuleRisk.None, Shapes),
        Offered("indirect-write", "What an indirect write writes is what is read", Header, RuleRisk.Writes, Write),
        Offered("indirect-empty", "An indirect read of no segment is refused", $"{Blkback}; S23",
            RuleRisk.None, (probe, session) => Count(probe, session, 0)),
        Offered("indirect-many", "An indirect read of more segments than were offered is refused", $"{Blkback}; S23",
            RuleRisk.None, Many),
        Offered("indirect-inner", "An indirect request reads or writes, and nothing else", $"{Blkback}; S24",
            RuleRisk.None, Inner),
        Offered("indirect-segment", "A segment of an indirect page that is none is refused",
            $"{Blkback}, xen_blkbk_parse_indirect", RuleRisk.None, Segment),
        Offered("indirect-grant", "An indirect page that is not granted is an error, and the disk goes on",
            "XSA-362; S10", RuleRisk.None, Grant),
        BackendRule.OnSession("indirect-not-offered", "An indirect request that was not offered is refused", Header,
            RuleRisk.None, NotOffered),
    ];

    private static BackendRule Offered(
        string id, string title, string source, RuleRisk risk, Func<BackendProbe, BackendSession, Finding> tryOn) =>
        new(id, title, source, risk, async probe =>
        {
            await probe.SessionAsync();
            if (probe.Offer.IndirectSegmentsMax == 0) return Finding.NotApplicable("indirect requests are not offered");
            int pages = SegmentsMax(probe) + ProtocolConstants.IndirectPagesMax;
            return tryOn(probe, await probe.SessionAsync(new ConnectionWish { DataPageCount = pages }));
        });

    private static int SegmentsMax(BackendProbe probe) =>
        Math.Min(Math.Min(probe.Offer.IndirectSegmentsMax, PagesMax), probe.Region.PageCount);

    private static Finding Read(BackendProbe probe, BackendSession session)
    {
        int max = SegmentsMax(probe);
        int[] counts = [1, 2, 11, 12, 13, 32, 33, max - 1, max];
        foreach (int count in counts.Where(count => count > 0 && count <= max))
        {
            string? wrong = session.Read(probe.Region.FirstSector, Piece.Pages(count), isIndirect: true);
            if (wrong is not null) return Finding.Failed($"indirect: {wrong}");
        }

        return Finding.Passed(
            $"up to {max} segments" + (max < probe.Offer.IndirectSegmentsMax
                ? $" of the {probe.Offer.IndirectSegmentsMax} that are offered"
                : ""));
    }

    private static Finding Shapes(BackendProbe probe, BackendSession session)
    {
        int max = Math.Min(SegmentsMax(probe), 36);
        Piece[] pieces =
        [
            .. Enumerable.Range(0, max).Select(page =>
            {
                int length = 1 + (page % (ProtocolConstants.SectorsPerPage / probe.Unit));
                int first = page % (ProtocolConstants.SectorsPerPage - (length * probe.Unit) + 1);
                return new Piece(page, first, first + (length * probe.Unit) - 1);
            }),
        ];
        return Finding.Of(session.Read(probe.Region.FirstSector, pieces, isIndirect: true));
    }

    private static Finding Write(BackendProbe probe, BackendSession session)
    {
        if (probe.IsReadOnly) return Finding.NotApplicable("the disk is read-only");
        int max = SegmentsMax(probe);
        foreach (int count in ((int[])[1, 12, max]).Where(count => count <= max))
        {
            string? wrong = session.Write(probe.Region.FirstSector, Piece.Pages(count), isIndirect: true);
            if (wrong is not null) return Finding.Failed($"indirect: {wrong}");
        }

        return Finding.Passed();
    }

    private static Finding Count(BackendProbe probe, BackendSession session, int count)
    {
        BlockRequest request = session.Indirect(BlkifOperation.Read, probe.Region.FirstSector, Piece.Pages(1));
        request.SegmentCount = (ushort)count;
        return Finding.Of(session.Refused(in request, $"an indirect read of {count} segments"));
    }

    private static Finding Many(BackendProbe probe, BackendSession session)
    {
        int max = probe.Offer.IndirectSegmentsMax;
        if (max >= ProtocolConstants.IndirectSegmentsMax) return Finding.NotApplicable("as many are offered as fit");
        foreach (int count in (int[])[max + 1, ProtocolConstants.IndirectSegmentsMax + 1, ushort.MaxValue])
        {
            Finding finding = Count(probe, session, count);
            if (finding.Verdict != Verdict.Passed) return finding;
        }

        return Finding.Passed($"{max} are offered");
    }

    private static Finding Inner(BackendProbe probe, BackendSession session)
    {
        foreach (byte operation in (byte[])[2, 3, 4, 5, 6, 99])
        {
            BlockRequest request =
                session.Indirect((BlkifOperation)operation, probe.Region.FirstSector, Piece.Pages(1));
            string? wrong = session.Refused(in request, $"an indirect request whose operation is {operation}");
            if (wrong is not null) return Finding.Failed(wrong);
        }

        return Finding.Passed();
    }

    private static Finding Segment(BackendProbe probe, BackendSession session)
    {
        foreach ((int first, int last) in ((int, int)[])[(4, 3), (0, 8), (255, 255)])
        {
            BlockRequest request = session.Indirect(
                BlkifOperation.Read, probe.Region.FirstSector, new Piece(0), new Piece(1, first, last));
            string? wrong = session.Refused(in request, $"an indirect segment from sector {first} to {last}");
            if (wrong is not null) return Finding.Failed(wrong);
        }

        return Finding.Passed();
    }

    private static Finding Grant(BackendProbe probe, BackendSession session)
    {
        BlockRequest request = session.Indirect(BlkifOperation.Read, probe.Region.FirstSector, Piece.Pages(1));
        request.IndirectGrants[0] = GrantRules.NotGranted(probe);
        return Finding.Of(session.Refused(in request, "an indirect page that is not granted"));
    }

    private static Finding NotOffered(BackendProbe probe, BackendSession session)
    {
        if (probe.Offer.IndirectSegmentsMax > 0) return Finding.NotApplicable("indirect requests are offered");
        BlockRequest request = session.Indirect(BlkifOperation.Read, probe.Region.FirstSector, Piece.Pages(1));
        return Finding.Of(session.Refused(in request, "an indirect read that was not offered"));
    }
}
