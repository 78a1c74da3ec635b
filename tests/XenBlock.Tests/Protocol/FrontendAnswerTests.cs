using CsCheck;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Protocol;

public sealed class FrontendAnswerTests
{
    private static readonly BackendOffer _offer = new() { RingPageOrderMax = 4, Persistent = true };
    private static readonly BackendOffer _several = _offer with { QueuesMax = 16 };

    [Fact]
    public void An_answer_is_published_so_that_it_is_read_back() => Gen.Select(
        Gen.Int[0, 4], Gen.Int[1, 16], Gen.UInt[8, 1_000_000], Gen.UInt[1, 1_000_000], Gen.Enum<BlkifAbi>(), Gen.Bool)
        .Sample(
            (order, queues, firstReference, firstPort, abi, persistent) =>
            {
                FrontendAnswer answer = Answer(order, queues, firstReference, firstPort) with
                {
                    Abi = abi,
                    Persistent = persistent,
                };
                Assert.Equal(order, answer.RingPageOrder);
                IReadOnlyDictionary<string, string> keys = answer.ToKeys();
                Assert.True(FrontendAnswer.TryFromKeys(
                    keys, _several, BlkifAbi.X86_32, out FrontendAnswer? read, out string? problem), problem);
                Assert.Equal(
                    answer.Queues.SelectMany(queue => queue.RingReferences),
                    read.Queues.SelectMany(queue => queue.RingReferences));
                Assert.Equal(answer.Queues.Select(q => q.EventChannel), read.Queues.Select(q => q.EventChannel));
                Assert.Equal((order, abi, persistent), (read.RingPageOrder, read.Abi, read.Persistent));
                Assert.Equal(queues > 1, keys.Keys.Any(key => key.Contains('/', StringComparison.Ordinal)));
                string[] rings = [.. keys.Keys.Where(key => key.Contains("ring-ref", StringComparison.Ordinal))];
                Assert.Empty(rings.Except(FrontendAnswer.QueueKeys(keys, _several)));
            },
            iter: 1_000);

    [Fact]
    public void A_plain_answer_uses_the_plain_keys()
    {
        FrontendAnswer answer = Answer(order: 0, queues: 1, firstReference: 8, firstPort: 5);
        Assert.Equal(
            ["event-channel=5", "feature-persistent=0", "protocol=x86_64-abi", "ring-ref=8"],
            answer.ToKeys().Select(pair => $"{pair.Key}={pair.Value}").Order());
    }

    [Fact]
    public void Several_queues_have_a_directory_each_and_share_the_size_of_their_rings()
    {
        FrontendAnswer answer = Answer(order: 1, queues: 2, firstReference: 8, firstPort: 5);
        Assert.Equal(
            [
                "feature-persistent=0", "multi-queue-num-queues=2", "num-ring-pages=2", "protocol=x86_64-abi",
                "queue-0/event-channel=5", "queue-0/ring-ref0=8", "queue-0/ring-ref1=9",
                "queue-1/event-channel=6", "queue-1/ring-ref0=10", "queue-1/ring-ref1=11", "ring-page-order=1",
            ],
            answer.ToKeys().Select(pair => $"{pair.Key}={pair.Value}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("ring-ref=8 event-channel=5", 1)]
    [InlineData("ring-ref=8 event-channel=5 ring-page-order=0", 1)]
    [InlineData("ring-ref0=8 event-channel=5 ring-page-order=0", 1)]
    [InlineData("ring-ref0=8 event-channel=5", 1)]
    [InlineData("ring-ref0=8 ring-ref1=9 event-channel=5 ring-page-order=1", 2)]
    [InlineData("ring-ref0=8 ring-ref1=9 event-channel=5 num-ring-pages=2", 2)]
    [InlineData("ring-ref=8 event-channel=5 num-ring-pages=1", 1)]
    [InlineData("ring-ref=8 event-channel=5 multi-queue-num-queues=1", 1)]
    [InlineData("ring-ref=8 event-channel=5 feature-persistent=maybe", 1)]
    public void Every_way_in_which_frontends_publish_a_ring_is_read(string keys, int pages)
    {
        Assert.True(FrontendAnswer.TryFromKeys(
            Keys(keys), _offer, BlkifAbi.X86_32, out FrontendAnswer? answer, out string? problem), problem);
        Assert.Equal(pages, answer.Queues[0].RingReferences.Count);
        Assert.Equal(new GrantReference(8), answer.Queues[0].RingReferences[0]);
        Assert.False(answer.Persistent);
    }

    [Theory]
    [InlineData(BlkifAbi.X86_32)]
    [InlineData(BlkifAbi.X86_64)]
    public void A_frontend_that_names_no_layout_gets_the_default_of_its_kind(BlkifAbi abiDefault)
    {
        Assert.True(FrontendAnswer.TryFromKeys(
            Keys("ring-ref=8 event-channel=5"), _offer, abiDefault, out FrontendAnswer? answer, out _));
        Assert.Equal(abiDefault, answer.Abi);
    }

    [Theory]
    [InlineData("event-channel=5", "has published no ring-ref")]
    [InlineData("ring-ref=8", "has published no event-channel")]
    [InlineData("ring-ref=8 event-channel=0", "event-channel '0' is no number from 1")]
    [InlineData("ring-ref=8 event-channel=4294967296", "event-channel")]
    [InlineData("ring-ref=-8 event-channel=5", "ring-ref '-8' is no number")]
    [InlineData("ring-ref=x event-channel=5", "ring-ref 'x' is no number")]
    [InlineData("ring-ref=8 event-channel=5 protocol=vax-abi", "protocol 'vax-abi' is none of")]
    public void An_answer_that_cannot_be_used_is_refused_with_a_sentence(string keys, string expected) =>
        AssertRefused(keys, expected);

    [Theory]
    [InlineData("ring-page-order=5", "ring-page-order '5' is no number from 0 to 4")]
    [InlineData("ring-page-order=4294967297", "ring-page-order")]
    [InlineData("ring-page-order=1", "has published no ring-ref0")]
    [InlineData("ring-page-order=1 ring-ref0=8", "has published no ring-ref1")]
    [InlineData("num-ring-pages=3", "num-ring-pages '3' is no power of two")]
    [InlineData("num-ring-pages=0", "num-ring-pages '0' is no number from 1 to 16")]
    [InlineData("num-ring-pages=32", "num-ring-pages '32' is no number from 1 to 16")]
    [InlineData("multi-queue-num-queues=0", "multi-queue-num-queues '0' is no number from 1 to 1")]
    [InlineData("multi-queue-num-queues=2", "multi-queue-num-queues '2' is no number from 1 to 1")]
    public void S28_counts_that_were_not_offered_and_rings_with_holes_are_refused(string keys, string expected) =>
        AssertRefused(keys + " ring-ref=7 event-channel=5", expected);

    [Fact]
    public void S29_a_page_of_the_ring_is_not_granted_twice() => AssertRefused(
        "ring-page-order=1 ring-ref0=8 ring-ref1=8 event-channel=5",
        "ring-ref1 repeats the grant 8 of another page");

    [Theory]
    [InlineData("multi-queue-num-queues=2 queue-0/ring-ref=8 queue-0/event-channel=5 queue-1/ring-ref=9 "
        + "queue-1/event-channel=6", 1)]
    [InlineData("multi-queue-num-queues=2 queue-0/ring-ref0=8 queue-0/event-channel=5 queue-1/ring-ref=9 "
        + "queue-1/event-channel=6", 1)]
    [InlineData("multi-queue-num-queues=2 ring-page-order=1 queue-0/ring-ref0=8 queue-0/ring-ref1=7 "
        + "queue-0/event-channel=5 queue-1/ring-ref0=9 queue-1/ring-ref1=10 queue-1/event-channel=6", 2)]
    [InlineData("multi-queue-num-queues=2 num-ring-pages=2 queue-0/ring-ref0=8 queue-0/ring-ref1=7 "
        + "queue-0/event-channel=5 queue-1/ring-ref0=9 queue-1/ring-ref1=10 queue-1/event-channel=6", 2)]
    public void Every_way_in_which_frontends_publish_several_queues_is_read(string keys, int pages)
    {
        Assert.True(FrontendAnswer.TryFromKeys(
            Keys(keys), _several, BlkifAbi.X86_32, out FrontendAnswer? answer, out string? problem), problem);
        Assert.Equal([pages, pages], answer.Queues.Select(queue => queue.RingReferences.Count));
        Assert.Equal([8u, 9u], answer.Queues.Select(queue => queue.RingReferences[0].Value));
        Assert.Equal([5u, 6u], answer.Queues.Select(queue => queue.EventChannel.Value));
    }

    [Theory]
    [InlineData("multi-queue-num-queues=17", "multi-queue-num-queues '17' is no number from 1 to 16")]
    [InlineData("multi-queue-num-queues=two", "multi-queue-num-queues 'two' is no number from 1 to 16")]
    [InlineData("multi-queue-num-queues=2", "has published no queue-0/ring-ref")]
    [InlineData("multi-queue-num-queues=3 queue-0/ring-ref=8 queue-0/event-channel=5 queue-2/ring-ref=9 "
        + "queue-2/event-channel=6", "has published no queue-1/ring-ref")]
    [InlineData("multi-queue-num-queues=2 queue-0/ring-ref=8 queue-0/event-channel=5 queue-1/ring-ref=9",
        "has published no queue-1/event-channel")]
    [InlineData("multi-queue-num-queues=2 queue-0/ring-ref=8 queue-0/event-channel=5 queue-1/ring-ref=9 "
        + "queue-1/event-channel=0", "queue-1/event-channel '0' is no number from 1")]
    [InlineData("multi-queue-num-queues=2 ring-page-order=1 queue-0/ring-ref0=8 queue-0/event-channel=5",
        "has published no queue-0/ring-ref1")]
    public void S28_more_queues_than_offered_and_queues_with_holes_are_refused(string keys, string expected) =>
        AssertRefused(keys + " ring-ref=7 event-channel=4", expected, _several);

    [Theory]
    [InlineData(8, 6, "queue-1/ring-ref repeats the grant 8 of another page")]
    [InlineData(9, 5, "queue-1/event-channel repeats the port 5 of another queue")]
    public void S29_queues_share_neither_pages_nor_ports(int reference, int port, string expected) => AssertRefused(
        "multi-queue-num-queues=2 queue-0/ring-ref=8 queue-0/event-channel=5 "
            + $"queue-1/ring-ref={reference} queue-1/event-channel={port}",
        expected,
        _several);

    [Fact]
    public void Any_keys_at_all_are_read_or_refused_with_a_sentence()
    {
        string[] names =
        [
            "ring-ref", "ring-ref0", "ring-ref1", "event-channel", "protocol", "ring-page-order", "num-ring-pages",
            "multi-queue-num-queues", "feature-persistent", "queue-0/ring-ref", "queue-0/event-channel",
            "queue-1/ring-ref0", "queue-1/event-channel",
        ];
        Gen<string> value = Gen.OneOf(Gen.Int[-1, 20].Select(n => $"{n}"), Gen.String, Gen.ULong.Select(n => $"{n}"));
        Gen.Dictionary(Gen.OneOf(names), value)[0, 13].Sample(
            keys =>
            {
                bool isRead = FrontendAnswer.TryFromKeys(
                    keys, _several, BlkifAbi.X86_64, out FrontendAnswer? answer, out string? problem);
                Assert.Equal(isRead, answer is not null);
                Assert.Equal(isRead, problem is null);
            },
            iter: 5_000);
    }

    private static FrontendAnswer Answer(int order, int queues, uint firstReference, uint firstPort) => new()
    {
        Queues = [.. Enumerable.Range(0, queues).Select(queue => new QueueAnswer
        {
            RingReferences = [.. Enumerable.Range(queue << order, 1 << order)
                .Select(i => new GrantReference(firstReference + (uint)i))],
            EventChannel = new EventChannelPort(firstPort + (uint)queue),
        })],
        Abi = BlkifAbi.X86_64,
    };

    private static void AssertRefused(string keys, string expected, BackendOffer? offer = null)
    {
        Assert.False(FrontendAnswer.TryFromKeys(
            Keys(keys), offer ?? _offer, BlkifAbi.X86_64, out FrontendAnswer? answer, out string? problem));
        Assert.Null(answer);
        Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Keys(string text) =>
        text.Split(' ').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
}
