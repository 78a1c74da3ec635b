using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>What a backend publishes, and how it comes to Connected.</summary>
internal static class OfferRules
{
    private const string Header = "xen/include/public/io/blkif.h";

    private static readonly string[] _flags =
    [
        VbdKeys.FeatureFlushCache, VbdKeys.FeatureBarrier, VbdKeys.FeatureDiscard, VbdKeys.DiscardSecure,
        VbdKeys.FeaturePersistent,
    ];

    public static IEnumerable<BackendRule> All =>
    [
        new("connect", "A frontend that goes 1, 3, 4 with one page and one queue is connected", $"{Header}, startup",
            RuleRisk.None, ConnectAsync),
        BackendRule.OnKeys("offer-flags", "Every feature flag is 0 or 1", $"{Header}, backend nodes", JudgeFlags),
        BackendRule.OnKeys("offer-limits", "Every limit is a number in its range",
            $"{Header}, backend nodes; S28", JudgeLimits),
        BackendRule.OnKeys("offer-ring-size", "The two keys for the largest ring say the same",
            $"{Header}, max-ring-page-order, max-ring-pages", JudgeRingKeys),
        BackendRule.OnKeys("offer-discard", "Granularity and alignment of discards are given both or neither",
            $"{Header}, discard-granularity", JudgeDiscard),
        BackendRule.OnKeys("disk-size", "Size and sector of the disk are published, and fit each other",
            $"{Header}, sectors, sector-size; Xen commit 221f2748e8", JudgeSize),
        BackendRule.OnKeys("disk-info", "The info bits are known, and say read-only exactly where the mode does",
            $"{Header}, info (VDISK_*)", JudgeInfo),
        BackendRule.OnKeys("disk-physical", "The physical sector is a power of two, not below the logical one",
            $"{Header}, physical-sector-size", JudgePhysical),
        new("connect-straight", "A frontend that goes to Connected at once is connected too",
            "mirage-block-xen lib/front/blkfront.ml; mini-os blkfront.c", RuleRisk.None, StraightAsync),
        new("connect-32", "A frontend that speaks x86_32 is understood", "xen/include/public/io/protocols.h",
            RuleRisk.None, OtherAbiAsync),
        new("ring-pages", "A ring of as many pages as are offered is used whole",
            $"{Header}, ring-page-order", RuleRisk.None, probe => LargeRingAsync(probe, usesOldKeys: false)),
        new("ring-pages-old-key", "A ring whose size is told by num-ring-pages alone is understood where offered",
            $"{Header}, num-ring-pages", RuleRisk.None, probe => LargeRingAsync(probe, usesOldKeys: true)),
        new("queues", "As many queues as are offered all answer", $"{Header}, multi-queue-num-queues",
            RuleRisk.None, QueuesAsync),
    ];

    private static async Task<Finding> ConnectAsync(BackendProbe probe)
    {
        BackendSession session = await probe.SessionAsync();
        return Finding.Of(probe.PreparationProblem ?? session.Alive());
    }

    private static Finding JudgeFlags(BackendProbe probe)
    {
        string[] wrong =
        [
            .. _flags.Where(flag => probe.Keys.TryGetValue(flag, out string? text) && text.Trim() is not ("0" or "1"))
                .Select(flag => $"{flag} is \"{probe.Keys[flag]}\""),
        ];
        string set = string.Join(", ", _flags.Where(flag => probe.Keys.GetValueOrDefault(flag)?.Trim() is "1"));
        return wrong.Length > 0 ? Finding.Failed(string.Join("; ", wrong)) : Finding.Passed($"set: {set}");
    }

    private static Finding JudgeLimits(BackendProbe probe)
    {
        BackendOffer offer = probe.Offer;
        return offer.Problems.Count > 0
            ? Finding.Failed(string.Join("; ", offer.Problems.Values))
            : Finding.Passed(
                $"{1L << offer.RingPageOrderMax} ring pages, {offer.QueuesMax} queues, "
                    + $"{offer.IndirectSegmentsMax} indirect segments");
    }

    private static Finding JudgeRingKeys(BackendProbe probe)
    {
        string? order = probe.Keys.GetValueOrDefault(VbdKeys.MaxRingPageOrder);
        string? pages = probe.Keys.GetValueOrDefault(VbdKeys.MaxRingPages);
        if (order is null || pages is null)
            return Finding.NotApplicable(order is null && pages is null ? "neither is there" : "one alone is there");
        bool isSame = int.TryParse(order, out int log) && ulong.TryParse(pages, out ulong count) && log < 32
            && 1UL << log == count;
        return isSame
            ? Finding.Passed()
            : Finding.Failed($"{VbdKeys.MaxRingPageOrder} is {order}, {VbdKeys.MaxRingPages} is {pages}");
    }

    private static Finding JudgeDiscard(BackendProbe probe)
    {
        bool hasGranularity = probe.Keys.ContainsKey(VbdKeys.DiscardGranularity);
        bool hasAlignment = probe.Keys.ContainsKey(VbdKeys.DiscardAlignment);
        if (!probe.Offer.Discard) return Finding.NotApplicable("discard is not offered");
        return hasGranularity == hasAlignment
            ? Finding.Passed(hasGranularity ? "both" : "neither")
            : Finding.Failed(hasGranularity ? "granularity without alignment" : "alignment without granularity");
    }

    private static Finding JudgeSize(BackendProbe probe)
    {
        if (probe.DiskProblem is { } problem) return Finding.Failed(problem);
        foreach (string key in (string[])[VbdKeys.Sectors, VbdKeys.SectorSize, VbdKeys.Info])
        {
            if (!probe.Keys.ContainsKey(key)) return Finding.Failed($"{key} is not published");
        }

        return Finding.Passed($"{probe.Disk.SectorCount} sectors, sector-size {probe.Disk.SectorSizeBytes}");
    }

    private static Finding JudgeInfo(BackendProbe probe)
    {
        const VbdInfo known = VbdInfo.CdRom | VbdInfo.Removable | VbdInfo.ReadOnly;
        VbdInfo info = probe.Disk.Info;
        if ((info & ~known) != VbdInfo.None) return Finding.Failed($"info is {(uint)info}; the bits are 1, 2 and 4");
        bool saysReadOnly = info.HasFlag(VbdInfo.ReadOnly);
        return probe.Keys.GetValueOrDefault(VbdKeys.Mode) switch
        {
            "r" when !saysReadOnly => Finding.Failed($"the mode is r, and info {(uint)info} does not say read-only"),
            "w" when saysReadOnly => Finding.Passed("read-only, though the toolstack would allow writing"),
            _ => Finding.Passed($"info {(uint)info}"),
        };
    }

    private static Finding JudgePhysical(BackendProbe probe)
    {
        string? text = probe.Keys.GetValueOrDefault(VbdKeys.PhysicalSectorSize);
        if (text is null) return Finding.NotApplicable("not published: it is the logical sector then");
        return uint.TryParse(text, out uint size) && uint.IsPow2(size) && size >= probe.Disk.SectorSizeBytes
            ? Finding.Passed(text)
            : Finding.Failed($"it is \"{text}\", beside a logical sector of {probe.Disk.SectorSizeBytes}");
    }

    private static async Task<Finding> StraightAsync(BackendProbe probe)
    {
        BackendSession session = await probe.FreshAsync(new ConnectionWish { GoesStraightToConnected = true });
        return Finding.Of(session.Alive());
    }

    private static async Task<Finding> OtherAbiAsync(BackendProbe probe)
    {
        if (BlkifAbiNames.Native == BlkifAbi.Arm) return Finding.NotApplicable("this is no x86");
        BackendSession session = await probe.FreshAsync(new ConnectionWish { Abi = BlkifAbi.X86_32 });
        return Finding.Of(session.Read(probe.Region.FirstSector, Piece.Pages(ProtocolConstants.DirectSegmentsMax)));
    }

    private static async Task<Finding> LargeRingAsync(BackendProbe probe, bool usesOldKeys)
    {
        await probe.SessionAsync();
        int order = Math.Min(probe.Offer.RingPageOrderMax, ProtocolConstants.RingPageOrderMax);
        if (order == 0) return Finding.NotApplicable("rings of one page are all that is offered");
        if (usesOldKeys && !probe.Keys.ContainsKey(VbdKeys.MaxRingPages))
            return Finding.NotApplicable($"{VbdKeys.MaxRingPages} is not offered");
        BackendSession session = await probe.FreshAsync(
            new ConnectionWish { RingPageOrder = order, UsesOldRingKeys = usesOldKeys });
        return Finding.Of(RingRules.Burst(probe, session.Lines), $"{1 << order} pages, {session.Line.SlotCount} slots");
    }

    private static async Task<Finding> QueuesAsync(BackendProbe probe)
    {
        await probe.SessionAsync();
        int queues = Math.Min(probe.Offer.QueuesMax, 4);
        if (queues == 1) return Finding.NotApplicable("one queue is all that is offered");
        BackendSession session = await probe.FreshAsync(new ConnectionWish { QueueCount = queues });
        for (int line = 0; line < queues; line++)
        {
            if (session.Read(probe.Region.FirstSector, Piece.Pages(2), line: line) is { } wrong)
                return Finding.Failed($"queue {line}: {wrong}");
        }

        return Finding.Of(RingRules.Burst(probe, session.Lines), $"{queues} queues");
    }
}
