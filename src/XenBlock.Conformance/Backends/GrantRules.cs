using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>What a backend does with the pages that it is given.</summary>
internal static class GrantRules
{
    private const string Blkback = "Linux drivers/block/xen-blkback/blkback.c";

    private const string Unseen =
        "this machine does not tell a process whether a grant of its own is mapped, nor lets it take one back";

    public static IEnumerable<BackendRule> All =>
    [
        BackendRule.OnSession("grant-missing", "A page that is not granted is an error, and the disk goes on",
            "XSA-362; S10", RuleRisk.None, (probe, session) => Missing(probe, session, missing: 0, count: 1)),
        BackendRule.OnSession("grant-one-missing", "One page in eleven that is not granted is the request's error",
            "XSA-361; S9", RuleRisk.None, (probe, session) => Missing(probe, session, missing: 6, count: 11)),
        BackendRule.OnSession("grant-twice", "The same page twice in a request is answered, and right if it is okay",
            $"{Blkback}, xen_blkbk_map; S25", RuleRisk.None, Twice),
        new("grant-released", "Without feature-persistent a page is let go before its response is seen",
            $"{Blkback}, xen_blkbk_unmap_and_respond", RuleRisk.None, ReleasedAsync),
        new("grant-read-only", "A page granted for reading is enough for a write, and is not read into",
            "xen/include/public/grant_table.h, GTF_readonly", RuleRisk.Writes, ReadOnlyAsync),
        new("persistent-data", "With feature-persistent the same pages carry different data in turn",
            "xen/include/public/io/blkif.h, feature-persistent", RuleRisk.None, PersistentDataAsync),
        new("persistent-kept", "A backend that agreed to feature-persistent keeps pages mapped",
            "xen/include/public/io/blkif.h, feature-persistent", RuleRisk.None, PersistentKeptAsync),
        new("grant-closed", "After an orderly close no page is mapped, the ring's neither",
            "XSA-371; S12", RuleRisk.None, probe => ClosedAsync(probe, isPersistent: false)),
        new("persistent-closed", "After an orderly close no page is mapped, with feature-persistent neither",
            "XSA-371; S12", RuleRisk.None, probe => ClosedAsync(probe, isPersistent: true)),
    ];

    /// <summary>A grant that was ours and is none any more.</summary>
    public static uint NotGranted(BackendProbe probe)
    {
        IGrantTable table = probe.Hypervisor.Grants;
        var references = new GrantReference[1];
        using GrantablePages pages = table.AllocatePages(probe.Vbd.Backend, 1);
        table.Offer(pages, 0, GrantAccess.ReadWrite, references);
        table.Revoke(references, new bool[1]);
        return references[0].Value;
    }

    private static Finding Missing(BackendProbe probe, BackendSession session, int missing, int count)
    {
        BlockRequest request = session.Direct(BlkifOperation.Read, probe.Region.FirstSector, Piece.Pages(count));
        request.Segments[missing].Grant = NotGranted(probe);
        string? wrong = session.Refused(in request, $"a read whose page {missing} of {count} is not granted");
        if (wrong is not null) return Finding.Failed(wrong);
        request = session.Direct(BlkifOperation.Read, probe.Region.FirstSector, Piece.Pages(count));
        request.Segments[missing].Grant = 0x7fff_fff0;
        return Finding.Of(session.Refused(in request, "a read with a grant that no table is long enough for"));
    }

    private static Finding Twice(BackendProbe probe, BackendSession session)
    {
        if (probe.Unit == ProtocolConstants.SectorsPerPage)
            return Finding.NotApplicable("a sector of the disk is a page");
        int half = ProtocolConstants.SectorsPerPage / 2;
        Piece[] pieces = [new Piece(0, 0, half - 1), new Piece(0, half)];
        ulong sector = probe.Region.FirstSector;
        session.Fill(Piece.Pages(1));
        BlockRequest request = session.Direct(BlkifOperation.Read, sector, pieces);
        BlkifStatus status = session.Line.Ask(in request).Status;
        string? wrong = status == BlkifStatus.Okay ? session.CompareRead(sector, Piece.Pages(1)) : null;
        return Finding.Of(wrong ?? session.Alive(), $"answered {BackendSession.Words(status)}");
    }

    private static async Task<Finding> ReleasedAsync(BackendProbe probe)
    {
        if (!probe.SeesMappings) return Finding.NotApplicable(Unseen);
        BackendSession session = await probe.FreshAsync();
        for (int round = 0; round < 20; round++)
        {
            if (session.Read(probe.Region.FirstSector, Piece.Pages(11)) is { } wrong) return Finding.Failed(wrong);
            int kept = session.ReleaseData();
            if (kept > 0)
            {
                await probe.CloseAsync();
                return Finding.Failed($"{kept} pages were still mapped when the response was there");
            }

            session.OfferData();
        }

        return Finding.Passed("20 requests of 11 pages");
    }

    private static async Task<Finding> ReadOnlyAsync(BackendProbe probe)
    {
        await probe.SessionAsync();
        if (!probe.SeesMappings) return Finding.NotApplicable("this machine grants its pages for writing always");
        if (probe.IsReadOnly) return Finding.NotApplicable("the disk is read-only");
        BackendSession session = await probe.FreshAsync(new ConnectionWish { DataAccess = GrantAccess.ReadOnly });
        ulong sector = probe.Region.FirstSector;
        byte[] data = probe.NewBytes(ProtocolConstants.PageSizeBytes);
        session.Frontend.Data.CopyIn(0, data);
        BlockRequest request = session.Direct(BlkifOperation.Write, sector, new Piece(0));
        BlkifStatus status = session.Line.Ask(in request).Status;
        if (status != BlkifStatus.Okay)
            return Finding.Failed($"a write from a page granted for reading gave {BackendSession.Words(status)}");
        data.CopyTo(probe.Region.At(sector, ProtocolConstants.SectorsPerPage));
        request = session.Direct(BlkifOperation.Read, sector, new Piece(1));
        if (session.Line.Ask(in request).Status == BlkifStatus.Okay)
            return Finding.Failed("a read into a page granted for reading was answered okay");
        BackendSession writable = await probe.FreshAsync();
        return Finding.Of(writable.Alive());
    }

    private static async Task<Finding> PersistentDataAsync(BackendProbe probe)
    {
        await probe.SessionAsync();
        if (!probe.Offer.Persistent) return Finding.NotApplicable("feature-persistent is not offered");
        BackendSession session = await probe.SessionAsync(new ConnectionWish { Persistent = true });
        for (int page = 0; page + 11 <= Math.Min(probe.Region.PageCount, 60); page += 7)
        {
            ulong sector = probe.Region.FirstSector + (ulong)(page * ProtocolConstants.SectorsPerPage);
            if (session.Read(sector, Piece.Pages(11)) is { } wrong) return Finding.Failed(wrong);
        }

        return Finding.Passed();
    }

    private static async Task<Finding> PersistentKeptAsync(BackendProbe probe)
    {
        await probe.SessionAsync();
        if (!probe.Offer.Persistent) return Finding.NotApplicable("feature-persistent is not offered");
        if (!probe.SeesMappings) return Finding.NotApplicable(Unseen);
        BackendSession session = await probe.FreshAsync(new ConnectionWish { Persistent = true });
        if (session.Read(probe.Region.FirstSector, Piece.Pages(11)) is { } wrong) return Finding.Failed(wrong);
        int kept = session.ReleaseData();
        await probe.CloseAsync();
        return kept > 0
            ? Finding.Passed($"{kept} of 11 pages")
            : Finding.Failed("it agreed to keep grants mapped, and after a read of 11 pages kept none");
    }

    private static async Task<Finding> ClosedAsync(BackendProbe probe, bool isPersistent)
    {
        await probe.SessionAsync();
        if (isPersistent && !probe.Offer.Persistent) return Finding.NotApplicable("feature-persistent is not offered");
        if (!probe.SeesMappings) return Finding.NotApplicable(Unseen);
        BackendSession session = await probe.FreshAsync(new ConnectionWish { Persistent = isPersistent });
        BlockRequest bad = session.Direct(BlkifOperation.Read, probe.Region.FirstSector, Piece.Pages(11));
        bad.Segments[3].Grant = NotGranted(probe);
        string? wrong = session.Read(probe.Region.FirstSector, Piece.Pages(11))
            ?? session.Refused(in bad, "a read of a page that is not granted");
        if (wrong is not null) return Finding.Failed(wrong);
        int kept = await probe.CloseAsync();
        return Finding.Of(kept == 0 ? null : $"{kept} pages were still mapped when the backend was at Closed");
    }
}
