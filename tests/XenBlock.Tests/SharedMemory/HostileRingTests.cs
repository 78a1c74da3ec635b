using CsCheck;
using XenBlock.SharedMemory;
using Xunit;

namespace XenBlock.Tests.SharedMemory;

/// <summary>S1, S13: what a peer may write into the shared words of a ring, and what must not come of it.</summary>
public sealed class HostileRingTests
{
    public static TheoryData<uint> Starts() => RingTests.Starts();

    [Theory]
    [MemberData(nameof(Starts))]
    public void S1_more_requests_than_slots_end_the_ring(uint start)
    {
        (_, BackRing back, PinnedPages pages) = RingTests.Make(start);
        pages.View.StoreRelease(RingLayout.RequestProducer, unchecked(start + 33));
        Assert.True(back.FinalCheckForRequests()); // do not sleep: look, and find the violation
        Assert.Equal(RingTake.PeerViolation, back.TryTakeRequest(new byte[112]));
        Assert.Equal(RingTake.PeerViolation, back.TryTakeRequest(new byte[112])); // and again, without end or work
        Assert.Equal(0u, back.Unanswered);
    }

    [Theory]
    [MemberData(nameof(Starts))]
    public void S1_a_request_producer_that_goes_back_ends_the_ring(uint start)
    {
        (FrontRing front, BackRing back, PinnedPages pages) = RingTests.Make(start);
        for (int i = 0; i < 10; i++) front.PutRequest(new byte[112]);
        front.PushRequests();
        for (int i = 0; i < 10; i++) Assert.Equal(RingTake.Taken, back.TryTakeRequest(new byte[112]));
        pages.View.StoreRelease(RingLayout.RequestProducer, unchecked(start + 5));
        Assert.Equal(RingTake.PeerViolation, back.TryTakeRequest(new byte[112]));
    }

    [Theory]
    [MemberData(nameof(Starts))]
    public void S1_a_request_needs_a_free_slot_for_its_response(uint start)
    {
        (FrontRing front, BackRing back, PinnedPages pages) = RingTests.Make(start);
        for (int i = 0; i < 32; i++) front.PutRequest(new byte[112]);
        front.PushRequests();
        for (int i = 0; i < 32; i++) Assert.Equal(RingTake.Taken, back.TryTakeRequest(new byte[112]));
        pages.View.StoreRelease(RingLayout.RequestProducer, unchecked(start + 33)); // nothing was answered yet
        Assert.Equal(RingTake.PeerViolation, back.TryTakeRequest(new byte[112]));
    }

    [Theory]
    [MemberData(nameof(Starts))]
    public void S13_more_responses_than_requests_end_the_ring(uint start)
    {
        (FrontRing front, _, PinnedPages pages) = RingTests.Make(start);
        pages.View.StoreRelease(RingLayout.ResponseProducer, unchecked(start + 1));
        Assert.Equal(RingTake.PeerViolation, front.TryTakeResponse(new byte[16]));
        front.PutRequest(new byte[112]);
        Assert.Equal(RingTake.PeerViolation, front.TryTakeResponse(new byte[16])); // put, but not published
        front.PushRequests();
        Assert.Equal(RingTake.Taken, front.TryTakeResponse(new byte[16]));
        pages.View.StoreRelease(RingLayout.ResponseProducer, unchecked(start - 1));
        Assert.True(front.FinalCheckForResponses());
        Assert.Equal(RingTake.PeerViolation, front.TryTakeResponse(new byte[16]));
    }

    [Fact]
    public void S2_an_index_that_changes_after_it_was_checked_is_not_believed_again()
    {
        (FrontRing front, BackRing back, PinnedPages pages) = RingTests.Make(0);
        for (int i = 0; i < 4; i++) front.PutRequest(new byte[112]);
        front.PushRequests();
        Assert.Equal(RingTake.Taken, back.TryTakeRequest(new byte[112]));
        pages.View.StoreRelease(RingLayout.RequestProducer, 1_000_000);
        for (int i = 0; i < 3; i++) Assert.Equal(RingTake.Taken, back.TryTakeRequest(new byte[112]));
        Assert.Equal(RingTake.PeerViolation, back.TryTakeRequest(new byte[112]));
    }

    [Fact]
    public void S2_a_copy_does_not_change_when_the_slot_does()
    {
        (FrontRing front, BackRing back, PinnedPages pages) = RingTests.Make(0);
        front.PutRequest(new byte[112]);
        front.PushRequests();
        var copy = new byte[112];
        back.TryTakeRequest(copy);
        Array.Fill(pages.Bytes, (byte)0xFF, 64, 112);
        Assert.Equal(new byte[112], copy);
    }

    [Fact]
    public void What_we_published_is_ours_whatever_the_peer_writes_over_it()
    {
        (FrontRing front, BackRing back, PinnedPages pages) = RingTests.Make(0);
        front.PutRequest(new byte[112]);
        front.PushRequests();
        back.TryTakeRequest(new byte[112]);
        pages.View.StoreRelease(RingLayout.ResponseProducer, 77); // the peer's doing
        back.PutResponse(new byte[16]);
        Assert.True(back.PushResponses()); // judged by our own index: from 0 to 1
        Assert.Equal(1u, pages.View.LoadAcquire(RingLayout.ResponseProducer));
    }

    [Fact]
    public void Whatever_the_shared_words_say_the_work_is_bounded_and_nothing_throws() =>
        Gen.Select(Gen.UInt, Gen.UInt.Array[4].Array[1, 40]).Sample(
            (start, writes) =>
            {
                (FrontRing front, BackRing back, PinnedPages pages) = RingTests.Make(start);
                var slot = new byte[112];
                int taken = 0;
                foreach (uint[] words in writes)
                {
                    for (int i = 0; i < 4; i++)
                    {
                        uint near = unchecked(start + (uint)taken + (words[i] % 50) - 8);
                        pages.View.StoreRelease(i * 4, words[i] % 2 == 0 ? near : words[i]);
                    }

                    int bound = 0;
                    while (back.TryTakeRequest(slot) == RingTake.Taken) Assert.True(bound++ < 32);
                    taken += bound;
                    while (back.Unanswered > 0) back.PutResponse(slot.AsSpan(0, 16));
                    back.PushResponses();
                    back.FinalCheckForRequests();
                    if (front.FreeSlots > 0) front.PutRequest(slot);
                    front.PushRequests();
                    bound = 0;
                    while (front.TryTakeResponse(slot) == RingTake.Taken) Assert.True(bound++ < 32);
                    front.FinalCheckForResponses();
                    Assert.InRange(front.Outstanding, 0u, 32u);
                }
            },
            iter: 2_000);
}
