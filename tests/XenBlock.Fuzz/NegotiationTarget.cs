using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using XenBlock.Protocol;

namespace XenBlock.Fuzz;

/// <summary>
/// The keys of both ends to a verdict: nothing is used that one end did not offer or the other does not want, every
/// "no" has its reason, both ends come to the same, and what a frontend publishes is taken exactly if
/// <see cref="AnswerRule"/> takes it.
/// </summary>
public class NegotiationTarget : FuzzTarget
{
    /// <inheritdoc/>
    public override string Name => "negotiation";

    /// <inheritdoc/>
    public override void Run(ReadOnlySpan<byte> input)
    {
        var keys = new NegotiationInput(input);
        BackendOffer offer = CheckOffer(keys.Backend);
        CheckProperties(keys.Backend, keys.Units);
        CheckBothEnds(offer, keys.Wish);
        CheckAnswer(keys.Frontend, keys.Ours);
    }

    /// <inheritdoc/>
    public override IEnumerable<byte[]> Seeds()
    {
        var offer = new BackendOffer
        {
            Flush = true,
            Barrier = true,
            Discard = true,
            SecureDiscard = true,
            DiscardGranularityBytes = 4096,
            DiscardAlignmentBytes = 512,
            Persistent = true,
            IndirectSegmentsMax = 256,
            RingPageOrderMax = 4,
            QueuesMax = 4,
        };
        var properties = new DiskProperties { SectorCount = 2048, SectorSizeBytes = 4096 };
        var backend = new Dictionary<string, string>([.. offer.ToKeys(), .. properties.ToKeys()]);
        foreach ((int queues, int pages) in ((int, int)[])[(1, 1), (1, 4), (3, 1), (2, 2)])
        {
            AgreedFeatures agreed = Negotiation.Agree(offer, new FrontendWish());
            FrontendAnswer answer = AnswerOf(agreed with
            {
                QueueCount = queues,
                RingPageOrder = BitOperations.Log2((uint)pages),
            });
            yield return NegotiationInput.Compose(0x07, 0xFC, backend, answer.ToKeys());
        }

        yield return NegotiationInput.Compose(0xC7, 0, new DiskProperties { SectorCount = 8 }.ToKeys(), backend);
        var old = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [VbdKeys.NumRingPages] = "2",
            [VbdKeys.RingRefN(0)] = "8",
            [VbdKeys.RingRefN(1)] = "9",
            [VbdKeys.EventChannel] = "7",
        };
        yield return NegotiationInput.Compose(
            0x00, 0x01, new Dictionary<string, string> { [VbdKeys.MaxRingPages] = "16" }, old);
    }

    /// <summary>The code under test; a planted fault stands in its place.</summary>
    protected virtual bool TryReadAnswer(
        IReadOnlyDictionary<string, string> keys,
        BackendOffer offer,
        [NotNullWhen(true)] out FrontendAnswer? answer,
        [NotNullWhen(false)] out string? problem) =>
        FrontendAnswer.TryFromKeys(keys, offer, BlkifAbi.X86_32, out answer, out problem);

    private static BackendOffer CheckOffer(Dictionary<string, string> keys)
    {
        BackendOffer offer = BackendOffer.FromKeys(keys);
        Require(offer.QueuesMax >= 1 && offer.RingPageOrderMax is >= 0 and <= 31, "numbers are in their ranges");
        Require(
            offer.IndirectSegmentsMax is >= 0 and <= ProtocolConstants.IndirectSegmentsMax,
            "the count of segments is in its range");
        foreach ((string name, string problem) in offer.Problems)
        {
            Require(keys.ContainsKey(name) && IsSentence(problem), "a problem is told of a key that is there");
            Require(AnswerRule.Number(keys, name, 0, uint.MaxValue) is null || name != VbdKeys.FeatureFlushCache,
                "a flag that is a number is no problem");
        }

        Require(
            offer.Flush == AnswerRule.Number(keys, VbdKeys.FeatureFlushCache, 1, uint.MaxValue).HasValue
            && offer.Persistent == AnswerRule.Number(keys, VbdKeys.FeaturePersistent, 1, uint.MaxValue).HasValue
            && offer.Discard == AnswerRule.Number(keys, VbdKeys.FeatureDiscard, 1, uint.MaxValue).HasValue,
            "a feature is offered by a number that is not 0");
        BackendOffer again = BackendOffer.FromKeys(offer.ToKeys());
        bool isSame = again.Flush == offer.Flush && again.Barrier == offer.Barrier && again.Discard == offer.Discard
            && again.Persistent == offer.Persistent && again.IndirectSegmentsMax == offer.IndirectSegmentsMax
            && again.RingPageOrderMax == offer.RingPageOrderMax && again.QueuesMax == offer.QueuesMax
            && again.SecureDiscard == (offer.Discard && offer.SecureDiscard) && again.Problems.Count == 0;
        Require(isSame, "an offer is read as it was published");
        return offer;
    }

    private static void CheckProperties(Dictionary<string, string> keys, SectorUnits units)
    {
        if (!DiskProperties.TryFromKeys(keys, out DiskProperties? properties, out string? problem, units))
        {
            Require(IsSentence(problem), "a disk that cannot be is refused in words");
            return;
        }

        int sector = properties.SectorSizeBytes;
        Require(DiskProperties.IsSectorSize(sector), "a sector has a size that there is");
        Require(properties.SectorCount <= (ulong)long.MaxValue / 512, "the disk's size in bytes is a number");
        Require(properties.SizeBytes >= 0 && properties.SizeBytes % sector == 0, "a disk is of whole sectors");
        int physical = properties.PhysicalSectorSizeBytes;
        Require(physical >= sector && int.IsPow2(physical), "the physical sector is a power of two, and no smaller");
        Require(
            DiskProperties.TryFromKeys(properties.ToKeys(), out DiskProperties? again, out _) && again == properties,
            "properties are read as they were published");
    }

    private static void CheckBothEnds(BackendOffer offer, FrontendWish wish)
    {
        AgreedFeatures front = Negotiation.Agree(offer, wish);
        Require(front.Abi == wish.Abi, "the layout is the frontend's");
        Require(front.QueueCount >= 1 && front.QueueCount <= offer.QueuesMax, "no more queues than are offered");
        Require(front.QueueCount <= Math.Max(1, wish.QueuesMax), "no more queues than are wished for");
        Require(
            front.RingPageOrder >= 0 && front.RingPageOrder <= Math.Min(offer.RingPageOrderMax, 6),
            "no larger a ring than is offered");
        Require(front.RingPageOrder <= Math.Max(0, wish.RingPageOrder), "no larger a ring than is wished for");
        Require(
            front.IndirectSegmentsMax == 0
            || (front.IndirectSegmentsMax <= offer.IndirectSegmentsMax
                && front.IndirectSegmentsMax <= wish.IndirectSegmentsMax && front.IndirectSegmentsMax > 11),
            "no more segments than are offered and wished for");
        bool isOffered = (!front.Persistent || offer.Persistent) && (!front.Flush || offer.Flush)
            && (!front.Barrier || offer.Barrier) && (!front.Discard || offer.Discard)
            && (!front.SecureDiscard || (offer.SecureDiscard && front.Discard));
        Require(isOffered, "nothing is used that is not offered");
        bool isWished = (!front.Persistent || wish.Persistent) && (!front.Flush || wish.Flush)
            && (!front.Barrier || wish.Flush) && (!front.Discard || wish.Discard);
        Require(isWished, "nothing is used that is not wished for");
        Require(
            front.Decisions.All(decision => decision.Agreed != "no" || IsSentence(decision.Reason)),
            "every no has its reason");

        // The same offer on the backend's side, as it would be published, and the answer that follows.
        FrontendAnswer published = AnswerOf(front);
        Require(
            FrontendAnswer.TryFromKeys(published.ToKeys(), offer, BlkifAbi.X86_64, out FrontendAnswer? read, out _),
            "our answer to an offer is one that our backend takes");
        AgreedFeatures back = Negotiation.Agree(offer, read!);
        bool isSame = back.Abi == front.Abi && back.QueueCount == front.QueueCount
            && back.RingPageOrder == front.RingPageOrder && back.Persistent == front.Persistent
            && back.IndirectSegmentsMax >= front.IndirectSegmentsMax;
        Require(isSame, "both ends come to the same");
    }

    private void CheckAnswer(Dictionary<string, string> keys, BackendOffer offer)
    {
        bool isTaken = TryReadAnswer(keys, offer, out FrontendAnswer? answer, out string? problem);
        var rule = AnswerRule.Read(keys, offer);
        Require(
            isTaken == rule.HasValue, rule.HasValue ? $"good keys are taken: {problem}" : "bad keys are refused");
        if (!isTaken)
        {
            Require(IsSentence(problem), "a refusal is told in words");
            return;
        }

        Require(answer!.Queues.Count == rule!.Value.Queues, "the count of queues");
        Require(1 << answer.RingPageOrder == rule.Value.Pages, "the count of pages");
        IEnumerable<ulong> references =
            answer.Queues.SelectMany(queue => queue.RingReferences).Select(reference => (ulong)reference.Value);
        Require(references.SequenceEqual(rule.Value.References), "the grants of the rings");
        IEnumerable<ulong> ports = answer.Queues.Select(queue => (ulong)queue.EventChannel.Value);
        Require(ports.SequenceEqual(rule.Value.Ports), "the event channels");
        Require(
            FrontendAnswer.TryFromKeys(answer.ToKeys(), offer, BlkifAbi.Arm, out FrontendAnswer? again, out _)
            && again.Abi == answer.Abi && again.Persistent == answer.Persistent
            && again.Queues.Count == answer.Queues.Count,
            "an answer is read as it was published");
        AgreedFeatures agreed = Negotiation.Agree(offer, answer);
        Require(agreed.QueueCount <= offer.QueuesMax, "a backend agrees to no more queues than it offered");
        Require(!agreed.Persistent || offer.Persistent, "nor to what it did not offer");
    }

    private static FrontendAnswer AnswerOf(AgreedFeatures agreed) => new()
    {
        Abi = agreed.Abi,
        Persistent = agreed.Persistent,
        Queues =
        [
            .. Enumerable.Range(0, agreed.QueueCount).Select(queue => new QueueAnswer
            {
                RingReferences =
                [
                    .. Enumerable.Range(0, agreed.RingPageCount)
                        .Select(page => new GrantReference((uint)((queue * agreed.RingPageCount) + page + 8))),
                ],
                EventChannel = new EventChannelPort((uint)queue + 1),
            }),
        ],
    };

    // A peer's text may be quoted in it, but not at any length, and nothing that a terminal would act on.
    private static bool IsSentence([NotNullWhen(true)] string? text) =>
        text is { Length: > 0 and < 300 } && !text.Any(char.IsControl);
}
