using System.Globalization;

namespace XenBlock.Protocol;

/// <summary>
/// Finds what both ends can use: a function from what they say to what holds, free of XenStore. Every feature that is
/// not used gets a reason in words.
/// </summary>
public static class Negotiation
{
    private const string Unsaid = "-";

    /// <summary>What the frontend may use of an offer.</summary>
    /// <param name="offer">The backend's offer, as read from its keys.</param>
    /// <param name="wish">What the frontend would like.</param>
    public static AgreedFeatures Agree(BackendOffer offer, FrontendWish wish)
    {
        var decisions = new List<FeatureDecision>
        {
            new(VbdKeys.Protocol, Unsaid, BlkifAbiNames.Format(wish.Abi), BlkifAbiNames.Format(wish.Abi), null),
        };
        int order = AgreeRingPageOrder(offer, wish.RingPageOrder, decisions);
        int queues = AgreeQueues(offer, wish.QueuesMax, decisions);
        int indirect = AgreeIndirect(offer, wish.IndirectSegmentsMax, decisions);
        bool persistent = AgreeFlag(offer, VbdKeys.FeaturePersistent, offer.Persistent, wish.Persistent, decisions);
        bool flush = AgreeFlag(offer, VbdKeys.FeatureFlushCache, offer.Flush, wish.Flush, decisions);
        bool barrier = offer.Barrier && wish.Flush && !flush;
        string? noBarrier = "the backend does not offer it";
        if (barrier) noBarrier = null;
        else if (offer.Barrier) noBarrier = flush ? "flush does its work" : "the frontend does not want it";
        decisions.Add(new FeatureDecision(
            VbdKeys.FeatureBarrier,
            Text(offer.Barrier),
            Text(wish.Flush && !flush),
            Text(barrier),
            noBarrier));
        bool discard = AgreeFlag(offer, VbdKeys.FeatureDiscard, offer.Discard, wish.Discard, decisions);
        bool secure = AgreeFlag(
            offer, VbdKeys.DiscardSecure, offer.SecureDiscard, discard, decisions, "there is no discard");
        return new AgreedFeatures
        {
            Abi = wish.Abi,
            RingPageOrder = order,
            QueueCount = queues,
            IndirectSegmentsMax = indirect,
            Persistent = persistent,
            Flush = flush,
            Barrier = barrier,
            Discard = discard,
            SecureDiscard = secure,
            DiscardGranularityBytes = discard ? offer.DiscardGranularityBytes : 0,
            DiscardAlignmentBytes = discard ? offer.DiscardAlignmentBytes : 0,
            Decisions = decisions,
        };
    }

    /// <summary>What holds on the backend's side, once the frontend has answered.</summary>
    /// <param name="offer">What we offered.</param>
    /// <param name="answer">The frontend's answer, as read from its keys.</param>
    public static AgreedFeatures Agree(BackendOffer offer, FrontendAnswer answer)
    {
        string abi = BlkifAbiNames.Format(answer.Abi);
        var decisions = new List<FeatureDecision> { new(VbdKeys.Protocol, Unsaid, abi, abi, null) };
        string order = Text(answer.RingPageOrder);
        decisions.Add(new FeatureDecision(
            VbdKeys.RingPageOrder,
            Text(offer.RingPageOrderMax),
            order,
            order,
            answer.RingPageOrder < offer.RingPageOrderMax ? "the frontend took fewer pages" : null));
        AddQueues(offer, answer.Queues.Count, decisions);
        decisions.Add(new FeatureDecision(
            VbdKeys.FeatureMaxIndirectSegments,
            Text(offer.IndirectSegmentsMax),
            Unsaid,
            Text(offer.IndirectSegmentsMax),
            offer.IndirectSegmentsMax == 0 ? "not offered" : null));
        bool persistent = AgreeFlag(offer, VbdKeys.FeaturePersistent, offer.Persistent, answer.Persistent, decisions);
        AddUnanswered(VbdKeys.FeatureFlushCache, offer.Flush, decisions);
        AddUnanswered(VbdKeys.FeatureBarrier, offer.Barrier, decisions);
        AddUnanswered(VbdKeys.FeatureDiscard, offer.Discard, decisions);
        AddUnanswered(VbdKeys.DiscardSecure, offer.SecureDiscard, decisions);
        return new AgreedFeatures
        {
            Abi = answer.Abi,
            RingPageOrder = answer.RingPageOrder,
            QueueCount = answer.Queues.Count,
            IndirectSegmentsMax = offer.IndirectSegmentsMax,
            Persistent = persistent,
            Flush = offer.Flush,
            Barrier = offer.Barrier,
            Discard = offer.Discard,
            SecureDiscard = offer.SecureDiscard,
            DiscardGranularityBytes = offer.DiscardGranularityBytes,
            DiscardAlignmentBytes = offer.DiscardAlignmentBytes,
            Decisions = decisions,
        };
    }

    private static int AgreeRingPageOrder(BackendOffer offer, int wished, List<FeatureDecision> decisions)
    {
        int wanted = Math.Clamp(wished, 0, ProtocolConstants.RingPageOrderMax);
        int agreed = Math.Min(wanted, offer.RingPageOrderMax);
        string? problem = offer.Problems.GetValueOrDefault(VbdKeys.MaxRingPageOrder)
            ?? offer.Problems.GetValueOrDefault(VbdKeys.MaxRingPages);
        string? reason = null;
        if (agreed < wanted) reason = problem ?? "the backend offers no more pages";
        else if (wanted < wished) reason = $"more than {1 << ProtocolConstants.RingPageOrderMax} pages are not used";
        else if (agreed < offer.RingPageOrderMax) reason = "the frontend wants no more pages";
        decisions.Add(new FeatureDecision(
            VbdKeys.RingPageOrder, Text(offer.RingPageOrderMax), Text(wished), Text(agreed), reason));
        return agreed;
    }

    private static int AgreeQueues(BackendOffer offer, int wished, List<FeatureDecision> decisions)
    {
        int wanted = Math.Clamp(wished, 1, ProtocolConstants.QueuesMax);
        int agreed = Math.Min(wanted, offer.QueuesMax);
        string? reason = null;
        string? problem = offer.Problems.GetValueOrDefault(VbdKeys.MultiQueueMaxQueues);
        if (agreed < wanted) reason = problem ?? "the backend offers no more queues";
        else if (wanted < wished) reason = $"more than {ProtocolConstants.QueuesMax} queues are not used";
        else if (agreed < offer.QueuesMax) reason = "the frontend wants no more queues";
        else if (agreed == 1) reason = "neither end wants several queues";
        decisions.Add(new FeatureDecision(
            VbdKeys.MultiQueueNumQueues, Text(offer.QueuesMax), Text(wished), Text(agreed), reason));
        return agreed;
    }

    private static void AddQueues(BackendOffer offer, int taken, List<FeatureDecision> decisions)
    {
        string? reason = null;
        if (taken < offer.QueuesMax) reason = "the frontend took fewer queues";
        else if (taken == 1) reason = "not offered";
        decisions.Add(new FeatureDecision(
            VbdKeys.MultiQueueNumQueues, Text(offer.QueuesMax), Text(taken), Text(taken), reason));
    }

    private static int AgreeIndirect(BackendOffer offer, int wished, List<FeatureDecision> decisions)
    {
        const int Direct = ProtocolConstants.DirectSegmentsMax;
        int wanted = Math.Min(wished, ProtocolConstants.IndirectSegmentsMax);
        int agreed = Math.Min(wanted, offer.IndirectSegmentsMax);
        string? reason = null;
        string? problem = offer.Problems.GetValueOrDefault(VbdKeys.FeatureMaxIndirectSegments);
        if (wanted <= 0) reason = "the frontend wants direct requests only";
        else if (wanted <= Direct) reason = "a direct request holds as many segments as the frontend wants";
        else if (offer.IndirectSegmentsMax == 0) reason = problem ?? "the backend does not offer it";
        else if (offer.IndirectSegmentsMax <= Direct)
            reason = "a direct request holds as many segments as the backend offers";
        else if (agreed < wanted) reason = "the backend offers no more segments";
        else if (agreed < offer.IndirectSegmentsMax) reason = "the frontend wants no more segments";
        if (agreed <= Direct) agreed = 0;
        decisions.Add(new FeatureDecision(
            VbdKeys.FeatureMaxIndirectSegments, Text(offer.IndirectSegmentsMax), Text(wished), Text(agreed), reason));
        return agreed;
    }

    private static bool AgreeFlag(
        BackendOffer offer,
        string name,
        bool isOffered,
        bool isWished,
        List<FeatureDecision> decisions,
        string unwished = "the frontend does not want it")
    {
        string? reason = null;
        if (!isOffered) reason = offer.Problems.GetValueOrDefault(name) ?? "the backend does not offer it";
        else if (!isWished) reason = unwished;
        bool agreed = isOffered && isWished;
        decisions.Add(new FeatureDecision(name, Text(isOffered), Text(isWished), Text(agreed), reason));
        return agreed;
    }

    private static void AddUnanswered(string name, bool isOffered, List<FeatureDecision> decisions) => decisions.Add(
        new FeatureDecision(name, Text(isOffered), Unsaid, Text(isOffered), isOffered ? null : "not offered"));

    private static string Text(bool flag) => flag ? "yes" : "no";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
