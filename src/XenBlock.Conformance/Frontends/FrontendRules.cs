using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>Every rule for frontends, in the order of the report.</summary>
internal static class FrontendRules
{
    private const string Header = "xen/include/public/io/blkif.h";
    private const string Request = $"{Header}, struct blkif_request";
    private const string Ring = "xen/include/public/io/ring.h";

    private static readonly FrontendStage[] _plain = [FrontendStage.Plain];

    // Where a frontend is under no provocation, so that whatever it sends is its own idea.
    private static readonly FrontendStage[] _traffic =
        [FrontendStage.Plain, FrontendStage.Disorder, FrontendStage.Bare, FrontendStage.Resize];

    public static IReadOnlyList<FrontendRule> All { get; } =
    [
        .. Handshake(),
        .. Requests(),
        .. Conduct(),
        .. Hostile(),
    ];

    private static IEnumerable<FrontendRule> Handshake() =>
    [
        new("connect", "A frontend publishes its ring once the backend waits, and goes to Connected after it",
            $"{Header}, startup", _plain, records => Finding.Of(records[0].Broken)),
        new("keys", "When it is ready all its keys are there, and none asks for more than was offered",
            $"{Header}, frontend nodes; S28", [FrontendStage.Plain, FrontendStage.Bare],
            records => Each(records, record => record.AnswerProblem, Agreed)),
        new("keys-ring", "A ring of one page is ring-ref; one of several has its order, and ring-ref0 and so on",
            $"{Header}, ring-ref, ring-page-order", _plain, records => Keys(records[0], RingKeys)),
        new("keys-queues", "Several queues have a directory each, and nothing lies flat",
            $"{Header}, multi-queue-num-queues", _plain, records => Keys(records[0], QueueKeys)),
        new("keys-protocol", "The layout of the ring is named, or is that of the machine", $"{Header}, protocol",
            _plain, records => Protocol(records[0])),
        new("ring-fresh", "The ring is a fresh one: indices 0, events 1", $"{Ring}, SHARED_RING_INIT",
            [FrontendStage.Plain, FrontendStage.Bare],
            records => Each(records, record => record.RingProblem, _ => "")),
        new("quiet", "No request is there before the backend is at Connected", $"{Header}, startup",
            _traffic, records => Each(records, record => record.Find(RequestFault.TooEarly), _ => "")),
        new("states", "The frontend's states follow each other as the protocol knows them",
            "xen/include/public/io/xenbus.h", _traffic, records => Each(records, IllegalState, _ => "")),
        new("bare", "Where nothing is offered it makes do with one page, one queue and direct requests",
            Header, [FrontendStage.Bare], records => Worked(records[0])),
    ];

    private static IEnumerable<FrontendRule> Requests() =>
    [
        OnRequests("segments", "A direct request has 1 to 11 segments, an indirect one as many as were offered",
            $"{Request}, BLKIF_MAX_SEGMENTS_PER_REQUEST", RequestVerdict.NoSegments, RequestVerdict.TooManySegments),
        OnRequests("segment-shape", "A segment begins before it ends, within its page", $"{Request}_segment",
            RequestVerdict.SegmentOutsidePage),
        OnRequests("range", "A request lies on the disk", Request, RequestVerdict.BeyondEnd),
        OnRequests("operations", "No operation is used that was not offered", $"{Header}, feature-*",
            RequestVerdict.UnknownOperation, RequestVerdict.FlushNotOffered, RequestVerdict.BarrierNotOffered,
            RequestVerdict.DiscardNotOffered, RequestVerdict.SecureDiscardNotOffered),
        OnRequests("indirect", "An indirect request is made only where it was offered, and reads or writes",
            $"{Header}, feature-max-indirect-segments", RequestVerdict.IndirectNotOffered,
            RequestVerdict.IndirectOperationInvalid),
        new("aligned", "On a disk with sectors of 4,096 bytes a request is of whole sectors",
            $"{Header}, sector-size; Xen commit 221f2748e8", [FrontendStage.LargeSectors],
            records => Each(records, record => record.Find(RequestVerdict.Misaligned), Counts)),
        new("ids", "No two requests under way have the same id", Request, _traffic,
            records => Each(records, record => record.Find(RequestFault.IdInUse), Counts)),
        new("grants", "Every page of a request is granted, for what it asks", "xen/include/public/grant_table.h",
            _traffic, records => Each(records, record => record.Find(RequestFault.Grant), Pages)),
        new("index", "The producer's index never runs ahead of the ring", $"{Ring}, RING_FULL",
            _traffic, records => Each(records, record => record.Find(RequestFault.Index), Counts)),
        new("events", "A backend that asked for an event is woken by it",
            $"{Ring}, RING_PUSH_REQUESTS_AND_CHECK_NOTIFY", _traffic,
            records => Each(records, record => record.Find(RequestFault.NoEvent), Counts)),
    ];

    private static IEnumerable<FrontendRule> Conduct() =>
    [
        new("data", "What was written is what is read", Header, _plain, records => Worked(records[0])),
        new("disorder", "Responses may come late and in any order, with events for nothing between",
            $"{Header}; S6", [FrontendStage.Disorder], records => Worked(records[0])),
        new("large-sectors", "A disk with sectors of 4,096 bytes works", $"{Header}, sector-size",
            [FrontendStage.LargeSectors], records => Worked(records[0])),
        new("resize", "A disk that grows is gone on with", $"{Header}, sectors; Linux xen-blkfront.c, blkfront_connect",
            [FrontendStage.Resize], records => Finding.Of(
                Worked(records[0]) is { Verdict: Verdict.Failed } failed ? failed.Text : null,
                records[0].BeyondFirstSize > 0
                    ? $"{records[0].BeyondFirstSize} requests reached what was new"
                    : "what was new was not used")),
        new("errors", "After an error, or a flush or discard that is not supported, the disk is gone on with",
            $"{Header}, BLKIF_RSP_ERROR, BLKIF_RSP_EOPNOTSUPP", [FrontendStage.Errors], JudgeErrors),
        new("closing", "A backend that goes to Closing is followed, under traffic too",
            "xen/include/public/io/xenbus.h; Linux xen-blkfront.c, blkfront_closing", [FrontendStage.Closing],
            records => records[0].IsDone
                ? Finding.Of(records[0].IsClosed ? null : $"it stays at {Last(records[0])}")
                : Finding.NotApplicable(NoTraffic(records[0]))),
        new("closed", "When the backend closes after the traffic the frontend does too",
            "xen/include/public/io/xenbus.h", _plain,
            records => Finding.Of(records[0].IsClosed ? null : $"it stays at {Last(records[0])}")),
        new("reconnect", "A disk that comes again, with other limits, is used again", $"{Header}, startup",
            [FrontendStage.Plain, FrontendStage.Bare, FrontendStage.Disorder],
            records => Each(records, record => record.Broken, _ => "")),
    ];

    private static IEnumerable<FrontendRule> Hostile() =>
    [
        OnLie("hostile-id", "A response with an id that no request has is not believed", FrontendStage.UnknownId),
        OnLie("hostile-twice", "A request that is answered twice is not completed twice", FrontendStage.AnsweredTwice),
        OnLie("hostile-operation", "A response with another operation is not believed", FrontendStage.WrongOperation),
        OnLie("hostile-index", "A response producer that jumps is not followed", FrontendStage.IndexJump),
    ];

    private static FrontendRule OnRequests(
        string id, string title, string source, params RequestVerdict[] verdicts) => new(
        id, title, source, _traffic, records => Each(records, record => record.Find(verdicts), Counts));

    // What the frontend does inside cannot be seen; that it can be let go, and its domain used again, can.
    private static FrontendRule OnLie(string id, string title, FrontendStage stage) => new(
        id, $"{title}: the frontend lets go, and the disk can be used again", "XSA-376; S13",
        [stage, FrontendStage.After],
        records =>
        {
            if (!records[0].IsDone) return Finding.NotApplicable(NoTraffic(records[0]));
            if (!records[0].IsClosed) return Finding.Failed($"asked to close, it stays at {Last(records[0])}");
            Finding after = Worked(records[1]);
            return Finding.Of(after.Verdict == Verdict.Passed ? null : $"afterwards: {after.Text}");
        },
        RuleRisk.Hostile);

    private static Finding Each(
        StageRecord[] records, Func<StageRecord, string?> problemOf, Func<StageRecord, string> wordsOf)
    {
        foreach (StageRecord record in records)
        {
            if (problemOf(record) is { } problem) return Finding.Failed($"stage {record.Stage}: {problem}");
        }

        return records.Any(record => record.Requests > 0)
            ? Finding.Passed(wordsOf(records[0]))
            : Finding.NotApplicable(records.Length == 0 ? "no stage was run" : NoTraffic(records[0]));
    }

    private static Finding Keys(StageRecord record, Func<StageRecord, (string? Problem, string Words)> judge)
    {
        if (record.Answer is null) return Finding.NotApplicable(record.Broken ?? "there are no keys");
        (string? problem, string words) = judge(record);
        return Finding.Of(problem, words);
    }

    private static (string? Problem, string Words) RingKeys(StageRecord record)
    {
        int pages = record.Answer!.Queues[0].RingReferences.Count;
        string prefix = record.Answer.Queues.Count > 1 ? $"{VbdKeys.QueueN(0)}/" : "";
        bool hasPlain = record.Keys.ContainsKey(prefix + VbdKeys.RingRef);
        bool hasOrder = record.Keys.ContainsKey(VbdKeys.RingPageOrder)
            || record.Keys.ContainsKey(VbdKeys.NumRingPages);
        string? problem = pages > 1 && hasPlain ? $"{pages} pages, and {VbdKeys.RingRef} beside"
            : pages > 1 && !hasOrder ? $"{pages} pages, and no {VbdKeys.RingPageOrder}"
            : null;
        return (problem, $"{pages} pages");
    }

    private static Finding Protocol(StageRecord record)
    {
        if (record.Keys.Count == 0) return Finding.NotApplicable(record.Broken ?? "there are no keys");
        string? name = record.Keys.GetValueOrDefault(VbdKeys.Protocol);
        return name is null || BlkifAbiNames.TryParse(name.Trim(), out _)
            ? Finding.Passed(name ?? "not named")
            : Finding.Failed($"it is \"{name}\"");
    }

    private static (string? Problem, string Words) QueueKeys(StageRecord record)
    {
        int queues = record.Answer!.Queues.Count;
        bool isFlat = record.Keys.ContainsKey(VbdKeys.EventChannel) || record.Keys.ContainsKey(VbdKeys.RingRef);
        return (queues > 1 && isFlat ? $"{queues} queues, and keys of one beside" : null, $"{queues} queues");
    }

    private static string? IllegalState(StageRecord record)
    {
        for (int i = 1; i < record.States.Count; i++)
        {
            if (!XenbusTransitions.IsLegal(XenbusEnd.Frontend, record.States[i - 1], record.States[i]))
                return $"from {record.States[i - 1]} to {record.States[i]}";
        }

        return null;
    }

    private static Finding JudgeErrors(StageRecord[] records)
    {
        StageRecord record = records[0];
        if (!record.IsDone) return Finding.NotApplicable(NoTraffic(record));
        return record.RequestsSince < 10
            ? Finding.Failed($"{record.RequestsSince} requests came after the first error, state {Last(record)}")
            : Finding.Passed($"{record.RequestsSince} requests came after the first error");
    }

    private static Finding Worked(StageRecord record) =>
        record.Broken is { } broken ? Finding.Failed(broken)
        : record.Traffic is not { } traffic ? Finding.Failed("the traffic never ended")
        : !traffic.IsOkay ? Finding.Failed($"the frontend's user says: {traffic.Words}")
        : record.Requests == 0 ? Finding.NotApplicable(NoTraffic(record))
        : Finding.Passed(record.Operations());

    private static string NoTraffic(StageRecord record) =>
        record.Broken ?? $"there was too little traffic in stage {record.Stage}: {record.Requests} requests";

    private static string Last(StageRecord record) =>
        record.States.Count == 0 ? "no state" : record.States[^1].ToString();

    private static string Counts(StageRecord record) => record.Operations();

    private static string Pages(StageRecord record) =>
        $"{record.Grants.Count} pages, up to {record.SegmentsMax} segments a request";

    private static string Agreed(StageRecord record) => record.Answer is not { } answer ? ""
        : $"{answer.Queues.Count} queues, {1 << answer.RingPageOrder} ring pages, "
            + (answer.Persistent ? "persistent" : "not persistent");
}
