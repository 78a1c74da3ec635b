using System.Globalization;
using CsCheck;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Protocol;

public sealed class NegotiationTests
{
    private static readonly BackendOffer _full = new()
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

    private static readonly Gen<BackendOffer> _offer =
        from flags in Gen.Bool.Array[5]
        from granularity in Gen.UInt
        from alignment in Gen.UInt
        from indirect in Gen.Int[0, 4096]
        from order in Gen.Int[0, 4]
        from queues in Gen.Int[1, 16]
        select new BackendOffer
        {
            Flush = flags[0],
            Barrier = flags[1],
            Discard = flags[2],
            SecureDiscard = flags[2] && flags[3],
            DiscardGranularityBytes = flags[2] ? granularity : 0,
            DiscardAlignmentBytes = flags[2] && granularity != 0 ? alignment : 0,
            Persistent = flags[4],
            IndirectSegmentsMax = indirect,
            RingPageOrderMax = order,
            QueuesMax = queues,
        };

    [Fact]
    public void An_offer_is_published_so_that_it_is_read_back() =>
        _offer.Sample(
            offer =>
            {
                Assert.Equal(offer, BackendOffer.FromKeys(offer.ToKeys()));
                Assert.Empty(offer.ToKeys().Keys.Except(BackendOffer.KeyNames));
            },
            iter: 2_000);

    [Fact]
    public void An_empty_directory_offers_nothing()
    {
        BackendOffer offer = BackendOffer.FromKeys(new Dictionary<string, string>());
        Assert.Equal(new BackendOffer(), offer);
        AgreedFeatures agreed = Negotiation.Agree(offer, new FrontendWish());
        Assert.Equal((0, 0, 1), (agreed.IndirectSegmentsMax, agreed.RingPageOrder, agreed.QueueCount));
        Assert.False(agreed.Persistent || agreed.Flush || agreed.Barrier || agreed.Discard || agreed.SecureDiscard);
        Assert.Equal((1, 11), (agreed.RingPageCount, agreed.SegmentsMax));
    }

    [Theory]
    [InlineData("max-ring-page-order", "3", 3)]
    [InlineData("max-ring-pages", "8", 3)]
    [InlineData("max-ring-pages", "15", 3)]
    public void Both_ways_to_offer_a_larger_ring_are_read(string key, string value, int order) =>
        Assert.Equal(order, Offer((key, value)).RingPageOrderMax);

    [Theory]
    [InlineData("feature-max-indirect-segments", "many", "feature-max-indirect-segments 'many' is no number from 0")]
    [InlineData("feature-max-indirect-segments", "-1", "no number")]
    [InlineData("feature-max-indirect-segments", "99999999999", "no number")]
    [InlineData("max-ring-page-order", "32", "no number from 0 to 31")]
    [InlineData("max-ring-pages", "0", "no number from 1")]
    [InlineData("multi-queue-max-queues", "0", "no number from 1")]
    [InlineData("feature-persistent", "yes", "no number")]
    [InlineData("feature-flush-cache", "", "no number")]
    public void S28_a_key_that_makes_no_sense_is_as_good_as_none_and_is_named(string key, string value, string expected)
    {
        BackendOffer offer = Offer((key, value));
        Assert.Equal(new BackendOffer() with { Problems = offer.Problems }, offer);
        Assert.Contains(expected, Assert.Single(offer.Problems).Value, StringComparison.Ordinal);
        Assert.Equal(key, offer.Problems.Keys.Single());
    }

    [Fact]
    public void A_flag_of_any_number_but_zero_is_set()
    {
        Assert.True(Offer(("feature-flush-cache", "2")).Flush);
        Assert.False(Offer(("feature-flush-cache", "0")).Flush);
        Assert.True(Offer(("feature-persistent", " 1\n")).Persistent);
    }

    [Fact]
    public void A_text_of_a_peer_is_repeated_short_and_without_control_characters()
    {
        string problem = Offer(("feature-barrier", "\u0007" + new string('x', 5000))).Problems.Values.Single();
        Assert.Contains("'?xxx", problem, StringComparison.Ordinal);
        Assert.True(problem.Length < 200);
    }

    [Fact]
    public void More_segments_than_the_protocol_has_are_offered_in_vain() =>
        Assert.Equal(4096, Offer(("feature-max-indirect-segments", "65535")).IndirectSegmentsMax);

    [Fact]
    public void Everything_that_both_want_is_agreed_without_excuses()
    {
        AgreedFeatures agreed = Negotiation.Agree(_full, new FrontendWish { RingPageOrder = 4, QueuesMax = 4 });
        Assert.Equal((256, 4, 16), (agreed.IndirectSegmentsMax, agreed.RingPageOrder, agreed.RingPageCount));
        Assert.True(agreed.Persistent && agreed.Flush && agreed.Discard && agreed.SecureDiscard);
        Assert.Equal((4096u, 512u), (agreed.DiscardGranularityBytes, agreed.DiscardAlignmentBytes));
        string[] excused = [.. agreed.Decisions.Where(line => line.Reason is not null).Select(line => line.Name)];
        Assert.Equal([VbdKeys.FeatureBarrier], excused);
        Assert.Equal(4, agreed.QueueCount);
    }

    [Theory]
    [InlineData(256, 0, 0, "the frontend wants direct requests only")]
    [InlineData(256, 11, 0, "a direct request holds as many segments as the frontend wants")]
    [InlineData(0, 256, 0, "the backend does not offer it")]
    [InlineData(11, 256, 0, "a direct request holds as many segments as the backend offers")]
    [InlineData(12, 256, 12, "the backend offers no more segments")]
    [InlineData(256, 32, 32, "the frontend wants no more segments")]
    [InlineData(256, 256, 256, null)]
    [InlineData(4096, 100_000, 4096, null)]
    public void Indirect_segments_are_agreed_with_a_reason(int offered, int wished, int agreed, string? reason)
    {
        AgreedFeatures features = Negotiation.Agree(
            new BackendOffer { IndirectSegmentsMax = offered }, new FrontendWish { IndirectSegmentsMax = wished });
        Assert.Equal(agreed, features.IndirectSegmentsMax);
        Assert.Equal(Math.Max(agreed, 11), features.SegmentsMax);
        FeatureDecision line = Line(features, VbdKeys.FeatureMaxIndirectSegments);
        Assert.Equal(reason, line.Reason);
        Assert.Equal(agreed.ToString(CultureInfo.InvariantCulture), line.Agreed);
    }

    [Theory]
    [InlineData(4, 2, 2, "the frontend wants no more pages")]
    [InlineData(1, 4, 1, "the backend offers no more pages")]
    [InlineData(8, 8, 6, "more than 64 pages are not used")]
    [InlineData(2, 2, 2, null)]
    public void Ring_pages_are_agreed_with_a_reason(int offered, int wished, int agreed, string? reason)
    {
        AgreedFeatures features = Negotiation.Agree(
            new BackendOffer { RingPageOrderMax = offered }, new FrontendWish { RingPageOrder = wished });
        Assert.Equal(agreed, features.RingPageOrder);
        Assert.Equal(reason, Line(features, VbdKeys.RingPageOrder).Reason);
    }

    [Theory]
    [InlineData(4, 2, 2, "the frontend wants no more queues")]
    [InlineData(2, 4, 2, "the backend offers no more queues")]
    [InlineData(1, 4, 1, "the backend offers no more queues")]
    [InlineData(4, 1, 1, "the frontend wants no more queues")]
    [InlineData(1, 1, 1, "neither end wants several queues")]
    [InlineData(64, 32, 16, "more than 16 queues are not used")]
    [InlineData(4, 0, 1, "the frontend wants no more queues")]
    [InlineData(4, 4, 4, null)]
    public void Queues_are_agreed_with_a_reason(int offered, int wished, int agreed, string? reason)
    {
        AgreedFeatures features = Negotiation.Agree(
            new BackendOffer { QueuesMax = offered }, new FrontendWish { QueuesMax = wished });
        Assert.Equal(agreed, features.QueueCount);
        Assert.Equal(reason, Line(features, VbdKeys.MultiQueueNumQueues).Reason);
    }

    [Fact]
    public void A_no_names_the_key_that_could_not_be_read()
    {
        BackendOffer offer = Offer(
            ("feature-max-indirect-segments", "x"), ("max-ring-pages", "y"), ("feature-persistent", "z"),
            ("multi-queue-max-queues", "w"));
        AgreedFeatures agreed = Negotiation.Agree(offer, new FrontendWish { RingPageOrder = 1, QueuesMax = 2 });
        foreach (string name in (string[])
            [
                VbdKeys.FeatureMaxIndirectSegments, VbdKeys.RingPageOrder, VbdKeys.FeaturePersistent,
                VbdKeys.MultiQueueNumQueues,
            ])
            Assert.Contains("is no number from", Line(agreed, name).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_feature_that_is_off_says_who_does_not_want_it()
    {
        AgreedFeatures unwanted = Negotiation.Agree(
            _full, new FrontendWish { Persistent = false, Flush = false, Discard = false });
        Assert.Equal("the frontend does not want it", Line(unwanted, VbdKeys.FeaturePersistent).Reason);
        Assert.Equal("there is no discard", Line(unwanted, VbdKeys.DiscardSecure).Reason);
        Assert.Equal((0u, 0u), (unwanted.DiscardGranularityBytes, unwanted.DiscardAlignmentBytes));
        AgreedFeatures absent = Negotiation.Agree(new BackendOffer(), new FrontendWish());
        Assert.Equal("the backend does not offer it", Line(absent, VbdKeys.FeaturePersistent).Reason);
        Assert.Equal(
            "feature-persistent: no (the backend does not offer it)",
            Line(absent, VbdKeys.FeaturePersistent).ToString());
        Assert.Equal("protocol: " + BlkifAbiNames.Format(BlkifAbiNames.Native), absent.Decisions[0].ToString());
    }

    [Fact]
    public void Every_feature_that_is_off_has_a_reason_whatever_both_say() =>
        Gen.Select(_offer, Gen.Int[0, 5000], Gen.Int[0, 5], Gen.Int[0, 20], Gen.Bool, Gen.Bool).Sample(
            (offer, segments, order, queues, persistent, flush) =>
            {
                var wish = new FrontendWish
                {
                    IndirectSegmentsMax = segments,
                    RingPageOrder = order,
                    QueuesMax = queues,
                    Persistent = persistent,
                    Flush = flush,
                    Abi = BlkifAbi.Arm,
                };
                AgreedFeatures agreed = Negotiation.Agree(offer, wish);
                Assert.True(agreed.IndirectSegmentsMax is 0 or > 11);
                Assert.True(agreed.IndirectSegmentsMax <= Math.Min(offer.IndirectSegmentsMax, segments));
                Assert.True(agreed.RingPageOrder <= Math.Min(offer.RingPageOrderMax, order));
                Assert.True(!agreed.Persistent || (offer.Persistent && persistent));
                Assert.All(agreed.Decisions, line => Assert.True(line.Agreed is not ("no" or "0")
                    || line.Reason is not null
                    || line.Name == VbdKeys.RingPageOrder));
                Assert.InRange(agreed.QueueCount, 1, Math.Min(offer.QueuesMax, Math.Max(1, queues)));
                Assert.True(agreed.QueueCount > 1 || agreed.Decisions.Single(
                    line => line.Name == VbdKeys.MultiQueueNumQueues).Reason is not null);
                Assert.Equal(
                    agreed.Decisions.Count, agreed.Decisions.Select(line => line.Name).Distinct().Count());
            },
            iter: 2_000);

    [Fact]
    public void The_backend_sees_what_holds_on_its_side()
    {
        var answer = new FrontendAnswer
        {
            Queues = [Queue(3, 8, 9), Queue(4, 10, 11)],
            Abi = BlkifAbi.X86_32,
            Persistent = true,
        };
        AgreedFeatures agreed = Negotiation.Agree(_full, answer);
        Assert.Equal((BlkifAbi.X86_32, 1, 256), (agreed.Abi, agreed.RingPageOrder, agreed.IndirectSegmentsMax));
        Assert.True(agreed.Persistent && agreed.Flush && agreed.Barrier && agreed.Discard && agreed.SecureDiscard);
        Assert.Equal("the frontend took fewer pages", Line(agreed, VbdKeys.RingPageOrder).Reason);
        AgreedFeatures none = Negotiation.Agree(new BackendOffer(), answer with { Queues = [Queue(3, 8)] });
        Assert.Equal("not offered", Line(none, VbdKeys.FeatureMaxIndirectSegments).Reason);
        Assert.Equal("not offered", Line(none, VbdKeys.FeatureFlushCache).Reason);
        Assert.Null(Line(none, VbdKeys.RingPageOrder).Reason);
        Assert.Equal((2, 1), (agreed.QueueCount, none.QueueCount));
        Assert.Equal("the frontend took fewer queues", Line(agreed, VbdKeys.MultiQueueNumQueues).Reason);
        Assert.Equal("not offered", Line(none, VbdKeys.MultiQueueNumQueues).Reason);
        Assert.False(none.Persistent);
    }

    private static QueueAnswer Queue(uint port, params uint[] references) => new()
    {
        RingReferences = [.. references.Select(reference => new GrantReference(reference))],
        EventChannel = new(port),
    };

    private static FeatureDecision Line(AgreedFeatures features, string name) =>
        features.Decisions.Single(line => line.Name == name);

    private static BackendOffer Offer(params (string Key, string Value)[] keys) =>
        BackendOffer.FromKeys(keys.ToDictionary(pair => pair.Key, pair => pair.Value));
}
