using System.Buffers.Binary;
using XenBlock.SharedMemory;
using Xunit;

namespace XenBlock.Tests.SharedMemory;

public sealed class RingTests
{
    public const int SlotSizeBytes = 112;

    public static TheoryData<uint> Starts() => [0, 1, 0x7FFFFFF0, 0x80000000, 0xFFFFFFC1, 0xFFFFFFE0, 0xFFFFFFFF];

    [Theory]
    [InlineData(112, 1, 32)]
    [InlineData(108, 1, 32)]
    [InlineData(112, 2, 64)]
    [InlineData(112, 4, 128)]
    [InlineData(108, 8, 256)]
    [InlineData(112, 16, 512)]
    [InlineData(112, 32, 1024)]
    public void A_ring_has_the_slots_of_the_reference(int slotSizeBytes, int pages, uint slots)
    {
        var layout = RingLayout.For(slotSizeBytes, pages);
        Assert.Equal(slots, layout.SlotCount);
        Assert.Equal(64, layout.SlotOffset(0));
        Assert.Equal(64 + slotSizeBytes, layout.SlotOffset(slots + 1));
        Assert.True(layout.SlotOffset(uint.MaxValue) + slotSizeBytes <= pages * 4096);
    }

    [Fact]
    public void A_ring_without_pages_or_with_tiny_slots_cannot_be()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => RingLayout.For(112, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => RingLayout.For(8, 1));
    }

    [Fact]
    public void Only_the_frontend_makes_the_ring()
    {
        var pages = new PinnedPages();
        Array.Fill(pages.Bytes, (byte)0xEE);
        FrontRing.Create(pages.View, SlotSizeBytes);
        Assert.Equal([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], pages.Bytes[..16]);
        Assert.All(pages.Bytes[16..64], padding => Assert.Equal(0, padding));
        byte[] before = [.. pages.Bytes];
        var back = BackRing.Attach(pages.View, SlotSizeBytes);
        Assert.Equal(before, pages.Bytes);
        Assert.Equal((32u, SlotSizeBytes), (back.SlotCount, back.SlotSizeBytes));
        var front = FrontRing.Create(pages.View, SlotSizeBytes);
        Assert.Equal((32u, SlotSizeBytes), (front.SlotCount, front.SlotSizeBytes));
    }

    [Theory]
    [MemberData(nameof(Starts))]
    public void Requests_and_responses_go_around_the_ring_in_order(uint start)
    {
        (FrontRing front, BackRing back, _) = Make(start);
        ulong put = 0;
        ulong taken = 0;
        var slot = new byte[SlotSizeBytes];
        for (int round = 0; round < 10; round++)
        {
            while (front.FreeSlots > 0) front.PutRequest(Slot(slot, put++));
            Assert.Equal(RingTake.Empty, back.TryTakeRequest(slot));
            front.PushRequests();
            while (back.TryTakeRequest(slot) == RingTake.Taken)
            {
                Assert.Equal(taken++, BinaryPrimitives.ReadUInt64LittleEndian(slot));
                back.PutResponse(slot.AsSpan(0, 16));
            }

            Assert.Equal(put, taken);
            Assert.Equal(RingTake.Empty, front.TryTakeResponse(slot));
            back.PushResponses();
            for (ulong id = put - 32; id < put; id++)
            {
                Assert.Equal(RingTake.Taken, front.TryTakeResponse(slot.AsSpan(0, 16)));
                Assert.Equal(id, BinaryPrimitives.ReadUInt64LittleEndian(slot));
            }
        }

        Assert.Equal((0u, 0u, 32u), (front.Outstanding, back.Unanswered, front.FreeSlots));
    }

    [Theory]
    [MemberData(nameof(Starts))]
    public void A_side_that_sleeps_is_notified_once_and_one_that_polls_never(uint start)
    {
        (FrontRing front, BackRing back, _) = Make(start);
        var slot = new byte[SlotSizeBytes];
        Assert.False(back.HasRequests);
        Assert.False(back.FinalCheckForRequests());
        front.PutRequest(slot);
        Assert.True(front.PushRequests());
        front.PutRequest(slot);
        Assert.False(front.PushRequests()); // it was told already
        Assert.True(back.HasRequests);
        Assert.True(back.FinalCheckForRequests()); // do not sleep
        Assert.Equal(RingTake.Taken, back.TryTakeRequest(slot));
        Assert.True(back.HasRequests);
        Assert.True(back.FinalCheckForRequests()); // one that it knows of is left
        Assert.Equal(RingTake.Taken, back.TryTakeRequest(slot));
        front.PutRequest(slot);
        Assert.False(front.PushRequests()); // the backend never armed again: it polls
        Assert.True(back.HasRequests);

        Assert.False(front.HasResponses);
        Assert.False(front.FinalCheckForResponses());
        back.PutResponse(slot.AsSpan(0, 16));
        Assert.True(back.PushResponses());
        Assert.True(front.HasResponses);
        Assert.True(front.FinalCheckForResponses());
        back.PutResponse(slot.AsSpan(0, 16));
        Assert.False(back.PushResponses());
        Assert.Equal(RingTake.Taken, front.TryTakeResponse(slot));
        Assert.True(front.HasResponses);
        Assert.True(front.FinalCheckForResponses()); // one that it knows of is left
        Assert.Equal(RingTake.Taken, front.TryTakeResponse(slot));
        Assert.False(front.FinalCheckForResponses());
    }

    [Theory]
    [MemberData(nameof(Starts))]
    public void An_event_can_be_asked_for_after_several_entries(uint start)
    {
        (FrontRing front, BackRing back, _) = Make(start);
        var slot = new byte[SlotSizeBytes];
        Assert.False(back.FinalCheckForRequests(3));
        foreach (bool isNotified in new[] { false, false, true, false })
        {
            front.PutRequest(slot);
            Assert.Equal(isNotified, front.PushRequests());
        }

        for (int i = 0; i < 4; i++) back.TryTakeRequest(slot);
        Assert.False(front.FinalCheckForResponses(2));
        back.PutResponse(slot.AsSpan(0, 16));
        Assert.False(back.PushResponses());
        Assert.False(front.FinalCheckForResponses(2)); // one is there, which is not enough
        back.PutResponse(slot.AsSpan(0, 16));
        Assert.True(back.PushResponses());
        Assert.True(front.FinalCheckForResponses(2));
        front.TryTakeResponse(slot);
        front.TryTakeResponse(slot);
        Assert.False(front.FinalCheckForResponses(100)); // only two can come: it is lowered to those
        back.PutResponse(slot.AsSpan(0, 16));
        back.PutResponse(slot.AsSpan(0, 16));
        Assert.True(back.PushResponses());
    }

    [Fact]
    public void An_event_after_no_entries_makes_no_sense()
    {
        (FrontRing front, BackRing back, _) = Make(0);
        Assert.Throws<ArgumentOutOfRangeException>(() => back.FinalCheckForRequests(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => front.FinalCheckForResponses(0));
    }

    [Fact]
    public void Nothing_put_is_nothing_published()
    {
        (FrontRing front, BackRing back, PinnedPages pages) = Make(0);
        byte[] before = [.. pages.Bytes];
        Assert.False(front.PushRequests());
        Assert.False(back.PushResponses());
        Assert.Equal(before, pages.Bytes);
        front.PutRequest(new byte[SlotSizeBytes]);
        Assert.Equal(1u, front.Unpublished);
        front.PushRequests();
        Assert.Equal((0u, 1u), (front.Unpublished, front.Outstanding));
        back.TryTakeRequest(new byte[SlotSizeBytes]);
        back.PutResponse(new byte[16]);
        Assert.Equal((1u, 0u), (back.Unpublished, back.Unanswered));
    }

    [Fact]
    public void Our_own_mistakes_throw()
    {
        (FrontRing front, BackRing back, _) = Make(0);
        Assert.Throws<InvalidOperationException>(() => back.PutResponse(new byte[16]));
        Assert.Throws<ArgumentException>(() => front.PutRequest(new byte[SlotSizeBytes + 1]));
        Assert.Throws<ArgumentException>(() => back.TryTakeRequest(new byte[SlotSizeBytes + 1]));
        Assert.Throws<ArgumentException>(() => front.TryTakeResponse(new byte[SlotSizeBytes + 1]));
        while (front.FreeSlots > 0) front.PutRequest(new byte[SlotSizeBytes]);
        Assert.Throws<InvalidOperationException>(() => front.PutRequest(new byte[SlotSizeBytes]));
        front.PushRequests();
        Assert.Equal(RingTake.Taken, back.TryTakeRequest(new byte[SlotSizeBytes]));
        Assert.Throws<ArgumentException>(() => back.PutResponse(new byte[SlotSizeBytes + 1]));
    }

    [Fact]
    public void A_slot_is_longer_than_a_response_and_keeps_its_rest()
    {
        (FrontRing front, BackRing back, PinnedPages pages) = Make(0);
        var slot = new byte[SlotSizeBytes];
        Array.Fill(slot, (byte)0xAB);
        front.PutRequest(slot);
        front.PutRequest(slot);
        front.PushRequests();
        back.TryTakeRequest(slot);
        back.TryTakeRequest(slot);
        back.PutResponse(new byte[16]);
        back.PutResponse(new byte[16]);
        Assert.Equal(new byte[16], pages.Bytes[64..80]);
        Assert.Equal(0xAB, pages.Bytes[80]);
        Assert.Equal(new byte[16], pages.Bytes[(64 + 112)..(80 + 112)]);
    }

    [Fact]
    public void A_ring_says_where_it_stands()
    {
        (FrontRing front, BackRing back, _) = Make(5);
        front.PutRequest(new byte[SlotSizeBytes]);
        Assert.Equal("front ring of 32: put 6, published 5, taken 5", front.ToString());
        Assert.Equal("back ring of 32: taken 5, put 5, published 5", back.ToString());
        Assert.EndsWith(
            "shared: req_prod 5, req_event 6, rsp_prod 5, rsp_event 6", front.Describe(), StringComparison.Ordinal);
        Assert.StartsWith(back.ToString(), back.Describe(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_that_came_after_the_last_look_was_not_seen()
    {
        (FrontRing front, BackRing back, _) = Make(0);
        var slot = new byte[SlotSizeBytes];
        front.PutRequest(slot);
        front.PutRequest(slot);
        front.PushRequests();
        Assert.False(back.HasSeenRequest);
        Assert.Equal(RingTake.Taken, back.TryTakeRequest(slot));
        Assert.True(back.HasSeenRequest);
        front.PutRequest(slot);
        front.PushRequests();
        Assert.Equal(RingTake.Taken, back.TryTakeRequest(slot));
        Assert.False(back.HasSeenRequest);
        Assert.True(back.HasRequests);
        Assert.False(back.HasSeenRequest);
    }

    internal static (FrontRing Front, BackRing Back, PinnedPages Pages) Make(uint start, int pageCount = 1)
    {
        var pages = new PinnedPages(pageCount);
        var front = FrontRing.Create(pages.View, SlotSizeBytes, start);
        return (front, BackRing.Attach(pages.View, SlotSizeBytes, start), pages);
    }

    private static byte[] Slot(byte[] slot, ulong id)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(slot, id);
        return slot;
    }
}
