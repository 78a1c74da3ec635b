using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>Flush, write barrier and discard.</summary>
internal static class CacheRules
{
    private const string Header = "xen/include/public/io/blkif.h";
    private const int DiscardPages = 16;

    public static IEnumerable<BackendRule> All =>
    [
        BackendRule.OnSession("flush", "A flush without data is done where it is offered, and answered in any case",
            $"{Header}, BLKIF_OP_FLUSH_DISKCACHE", RuleRisk.None, (probe, session) => Empty(
                probe, session, BlkifOperation.FlushDiskCache, probe.Offer.Flush)),
        BackendRule.OnSession("barrier",
            "A write barrier without data is done where it is offered, and answered in any case",
            $"{Header}, BLKIF_OP_WRITE_BARRIER", RuleRisk.None, (probe, session) => Empty(
                probe, session, BlkifOperation.WriteBarrier, probe.Offer.Barrier)),
        BackendRule.OnSession("barrier-data", "A write barrier with data writes it",
            $"{Header}, BLKIF_OP_WRITE_BARRIER", RuleRisk.Writes, (probe, session) => WithData(
                probe, session, BlkifOperation.WriteBarrier, probe.Offer.Barrier)),
        BackendRule.OnSession("flush-data", "A flush with data writes it, or refuses it and writes nothing",
            "Linux drivers/block/xen-blkback/blkback.c, dispatch_rw_block_io", RuleRisk.Writes,
            (probe, session) => WithData(probe, session, BlkifOperation.FlushDiskCache, probe.Offer.Flush)),
        BackendRule.OnSession("discard", "A discard is done where it is offered, and touches no other sector",
            $"{Header}, BLKIF_OP_DISCARD", RuleRisk.Writes, Discard),
        BackendRule.OnSession("discard-past-end", "A discard that reaches past the end is refused",
            "Linux drivers/block/xen-blkback/blkback.c, dispatch_discard_io; S27", RuleRisk.Writes, DiscardPastEnd),
        BackendRule.OnSession("discard-secure",
            "A secure discard that was not offered is answered, and touches no other sector",
            $"{Header}, discard-secure", RuleRisk.Writes, SecureDiscard),
    ];

    // Even where it is offered it may fail as not supported at any time; where it is not, any answer will do. A
    // read-only disk has nothing to flush, and Linux refuses whatever is no read there (xen_vbd_translate).
    private static Finding Empty(
        BackendProbe probe, BackendSession session, BlkifOperation operation, bool isOffered)
    {
        BlockRequest request = session.Bare(operation);
        BlkifStatus status = session.Line.Ask(in request).Status;
        string answer = $"{(isOffered ? "offered" : "not offered")}; answered {BackendSession.Words(status)}";
        return Finding.Of(
            isOffered && status == BlkifStatus.Error && !probe.IsReadOnly
                ? "it is offered, and gave an error"
                : session.Alive(),
            answer);
    }

    private static Finding WithData(
        BackendProbe probe, BackendSession session, BlkifOperation operation, bool isOffered)
    {
        if (probe.IsReadOnly) return Finding.NotApplicable("the disk is read-only");
        if (!isOffered) return Finding.NotApplicable("it is not offered");
        ulong sector = probe.Region.FirstSector + ProtocolConstants.SectorsPerPage;
        BlockRequest request = session.Direct(operation, sector, Piece.Pages(2));
        byte[] data = probe.NewBytes(2 * ProtocolConstants.PageSizeBytes);
        session.Frontend.Data.CopyIn(0, data);
        BlkifStatus status = session.Line.Ask(in request).Status;
        if (status == BlkifStatus.Okay) data.CopyTo(probe.Region.At(sector, 2 * ProtocolConstants.SectorsPerPage));
        if (status == BlkifStatus.Error) return Finding.Failed("it is offered, and gave an error");
        return Finding.Of(
            session.VerifyAround(sector, sector + (2 * ProtocolConstants.SectorsPerPage)),
            $"answered {BackendSession.Words(status)}");
    }

    private static Finding Discard(BackendProbe probe, BackendSession session)
    {
        if (probe.IsReadOnly) return Finding.NotApplicable("the disk is read-only");
        ulong count = DiscardPages * ProtocolConstants.SectorsPerPage;
        ulong start = probe.Region.FirstSector + count;
        if (probe.Region.SectorCount < 3 * count) return Finding.NotApplicable("the disk is too small");
        BlockRequest request = session.Bare(BlkifOperation.Discard, start, count);
        BlkifStatus status = session.Line.Ask(in request).Status;
        if (probe.Offer.Discard && status == BlkifStatus.Error)
            return Finding.Failed("it is offered, and gave an error");

        // What a discarded sector holds is nobody's promise; it is written again, so that it is known.
        byte[] before = probe.Region.At(start, (int)count).ToArray();
        session.ReadInto(start, probe.Region.At(start, (int)count));
        bool isChanged = !probe.Region.At(start, (int)count).SequenceEqual(before);
        if (!probe.Offer.Discard && isChanged)
            return Finding.Failed($"not offered, answered {BackendSession.Words(status)}, and the data is gone");
        string? wrong = session.VerifyAround(start - ProtocolConstants.SectorsPerPage, start + count);
        before.CopyTo(probe.Region.At(start, (int)count));
        session.WriteFrom(start, before);
        return Finding.Of(
            wrong,
            $"{(probe.Offer.Discard ? "offered" : "not offered")}; answered {BackendSession.Words(status)}"
                + (isChanged ? ", the data is gone" : ", the data stayed"));
    }

    private static Finding DiscardPastEnd(BackendProbe probe, BackendSession session)
    {
        if (probe.IsReadOnly) return Finding.NotApplicable("the disk is read-only");
        if (!probe.Offer.Discard) return Finding.NotApplicable("discard is not offered");
        ulong end = probe.Disk.SectorCount;
        foreach ((ulong sector, ulong count) in ((ulong, ulong)[])
            [(end, 8), (end - 8, 16), (end, ulong.MaxValue & ~7ul), (8, ulong.MaxValue & ~7ul)])
        {
            BlockRequest request = session.Bare(BlkifOperation.Discard, sector, count);
            string? wrong = session.Refused(in request, $"a discard of {count} sectors at sector {sector} of {end}");
            if (wrong is not null) return Finding.Failed(wrong);
        }

        ulong all = probe.Region.FirstSector;
        return Finding.Of(session.VerifyAround(all, all + probe.Region.SectorCount));
    }

    private static Finding SecureDiscard(BackendProbe probe, BackendSession session)
    {
        if (!probe.Offer.Discard) return Finding.NotApplicable("discard is not offered");
        if (probe.IsReadOnly) return Finding.NotApplicable("the disk is read-only");
        if (probe.Offer.SecureDiscard) return Finding.NotApplicable("secure discard is offered");
        ulong sector = probe.Region.FirstSector;
        BlockRequest request = session.Bare(BlkifOperation.Discard, sector, ProtocolConstants.SectorsPerPage);
        request.DiscardFlags = ProtocolConstants.DiscardSecure;
        BlkifStatus status = session.Line.Ask(in request).Status;

        // No header says that it must be refused, and Linux discards, though not securely.
        session.WriteFrom(sector, probe.Region.At(sector, ProtocolConstants.SectorsPerPage));
        return Finding.Of(
            session.VerifyAround(sector, sector + ProtocolConstants.SectorsPerPage),
            $"answered {BackendSession.Words(status)}");
    }
}
