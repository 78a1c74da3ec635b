using XenBlock.Frontend;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Frontend;

public sealed class FrontendPumpTests
{
    private const int Page = ProtocolConstants.PageSizeBytes;

    private static readonly BackendOffer _perRequestGrants = new() { IndirectSegmentsMax = 256, Flush = true };

    [Fact]
    public async Task A_read_that_fits_in_a_slot_is_one_direct_request()
    {
        await using var rig = new PumpRig();
        rig.Submit(BlockOperation.Read, 8192, new byte[11 * Page]);
        rig.Pump.Publish();
        ScriptedRequest request = Assert.Single(rig.Backend.TakeAll());
        Assert.False(request.Request.IsIndirect);
        Assert.Equal(11, request.Segments.Count);
        Assert.Equal(16u, request.Request.SectorFirst);
        Assert.All(request.Segments, s => Assert.Equal((0, 7), (s.FirstSector, s.LastSector)));
    }

    [Fact]
    public async Task One_large_read_keeps_many_requests_in_flight()
    {
        await using var rig = new PumpRig();
        rig.Submit(BlockOperation.Read, 0, new byte[8 << 20]);
        rig.Pump.Publish();
        IReadOnlyList<ScriptedRequest> requests = rig.Backend.TakeAll();
        Assert.Equal(8, requests.Count);
        Assert.All(requests, r => Assert.Equal((true, 256), (r.Request.IsIndirect, r.Segments.Count)));
        Assert.Equal(8, rig.Pump.InFlight);
    }

    [Fact]
    public async Task Direct_requests_are_used_where_indirect_ones_are_not_offered()
    {
        await using var rig = new PumpRig(new BackendOffer { IndirectSegmentsMax = 0 });
        rig.Submit(BlockOperation.Write, 0, new byte[1 << 20]);
        rig.Pump.Publish();
        IReadOnlyList<ScriptedRequest> requests = rig.Backend.TakeAll();
        Assert.Equal(24, requests.Count); // 256 pages by 11
        Assert.Equal(1 << 20, requests.Sum(r => r.LengthBytes));
    }

    [Fact]
    public async Task A_request_of_4096_segments_uses_eight_indirect_pages()
    {
        await using var rig = new PumpRig(
            new BackendOffer { IndirectSegmentsMax = 4096 },
            new BlockDeviceOptions { IndirectSegmentsMax = 4096, PoolPagesMax = 8192 });
        byte[] disk = Pattern(16 << 20, 1);
        byte[] memory = new byte[16 << 20];
        rig.Submit(BlockOperation.Read, 0, memory);
        rig.Pump.Publish();
        ScriptedRequest request = Assert.Single(rig.Backend.TakeAll());
        Assert.Equal(4096, request.Segments.Count);
        rig.Backend.Transfer(request, disk);
        rig.Backend.Respond(request);
        rig.Pump.TakeResponses();
        Assert.Equal(disk, memory);
        Assert.Equal(BlockOperationStatus.Okay, Assert.Single(rig.TakeCompleted()).Status);
    }

    [Fact]
    public async Task Granted_memory_is_used_in_place_from_any_sector()
    {
        await using var rig = new PumpRig();
        using GrantedBuffer buffer = rig.Buffers.Rent(3 * Page);
        byte[] disk = Pattern(64 * 1024, 2);
        rig.Submit(BlockOperation.Read, 512, buffer, at: 1536, length: Page);
        rig.Pump.Publish();
        ScriptedRequest request = Assert.Single(rig.Backend.TakeAll());
        Assert.Equal([(3, 7), (0, 2)], request.Segments.Select(s => ((int)s.FirstSector, (int)s.LastSector)));
        rig.Backend.Transfer(request, disk);
        rig.Backend.Respond(request);
        rig.Pump.TakeResponses();
        Assert.Equal(disk.AsSpan(512, Page), buffer.Span.Slice(1536, Page));
        Assert.Equal(0, rig.Pump.Counters.BytesCopied);
        Assert.Equal(0, rig.Pump.Counters.GrantsOffered); // persistent: offered once, when it was rented
    }

    [Fact]
    public async Task Pages_of_a_write_are_granted_read_only_where_grants_are_per_request()
    {
        await using var rig = new PumpRig(_perRequestGrants);
        rig.Submit(BlockOperation.Write, 0, new byte[Page]);
        rig.Submit(BlockOperation.Read, 0, new byte[Page]);
        rig.Pump.Publish();
        IReadOnlyList<ScriptedRequest> requests = rig.Backend.TakeAll();
        Assert.Equal(
            GrantStatus.PermissionDenied,
            rig.Backend.TryMap(requests[0].Segments[0].Grant, GrantAccess.ReadWrite));
        Assert.Equal(GrantStatus.Okay, rig.Backend.TryMap(requests[1].Segments[0].Grant, GrantAccess.ReadWrite));
    }

    [Fact]
    public async Task A_grant_ends_with_its_request()
    {
        await using var rig = new PumpRig(_perRequestGrants);
        rig.Submit(BlockOperation.Read, 0, new byte[Page]);
        rig.Pump.Publish();
        ScriptedRequest request = Assert.Single(rig.Backend.TakeAll());
        rig.Backend.Respond(request);
        rig.Pump.TakeResponses();
        Assert.NotEqual(
            GrantStatus.Okay, rig.Backend.TryMap(request.Segments[0].Grant, GrantAccess.ReadOnly));
        Assert.Equal((1, 1), (rig.Pump.Counters.GrantsOffered, rig.Pump.Counters.GrantsRevoked));
    }

    [Fact]
    public async Task S14_a_page_that_the_backend_keeps_is_never_used_again()
    {
        await using var rig = new PumpRig(_perRequestGrants);
        rig.Submit(BlockOperation.Read, 0, new byte[Page]);
        rig.Pump.Publish();
        ScriptedRequest first = Assert.Single(rig.Backend.TakeAll());
        GrantMapping held = rig.Backend.Hold(first.Segments[0].Grant, GrantAccess.ReadWrite);
        rig.Backend.Respond(first);
        rig.Pump.TakeResponses();
        Assert.Equal(1, rig.Pump.Counters.GrantsQuarantined);
        Assert.Equal(1, rig.Pool.RegionsQuarantined);

        byte[] secret = Pattern(Page, 3);
        for (int i = 0; i < 100; i++)
        {
            rig.Submit(BlockOperation.Write, 0, secret);
            rig.ServeAll(new byte[Page]);
        }

        byte[] seen = new byte[Page];
        held.Pages.CopyOut(0, seen);
        Assert.All(seen, b => Assert.Equal(0, b));
    }

    [Fact]
    public async Task A_backend_that_keeps_every_page_ends_the_connection_instead_of_hanging_it()
    {
        await using var rig = new PumpRig(
            _perRequestGrants, new BlockDeviceOptions { IndirectSegmentsMax = 0, PoolPagesMax = 22 });
        var statuses = new List<BlockOperationStatus>();
        for (int i = 0; i < 3; i++)
        {
            rig.Submit(BlockOperation.Read, 0, new byte[Page]);
            rig.Pump.Publish();
            foreach (ScriptedRequest request in rig.Backend.TakeAll())
            {
                rig.Backend.Hold(request.Segments[0].Grant);
                rig.Backend.Respond(request);
            }

            rig.Pump.TakeResponses();
            statuses.AddRange(rig.TakeCompleted().Select(o => o.Status));
        }

        Assert.Equal(
            [BlockOperationStatus.Okay, BlockOperationStatus.Okay, BlockOperationStatus.PeerViolation], statuses);
        Assert.NotNull(rig.Pump.FaultReason);
    }

    [Fact]
    public async Task A_full_grant_table_makes_operations_wait_and_never_fail()
    {
        // 128 entries, 8 reserved: 1 for the ring, 32 for indirect pages; 87 are left for 4 requests of 20 pages.
        await using var rig = new PumpRig(
            _perRequestGrants, new BlockDeviceOptions { IndirectSegmentsMax = 20 }, grantEntriesMax: 128);
        byte[] disk = Pattern(1 << 20, 4);
        byte[][] memories = [.. Enumerable.Range(0, 12).Select(_ => new byte[20 * Page])];
        for (int i = 0; i < memories.Length; i++) rig.Submit(BlockOperation.Read, i * 20 * Page, memories[i]);
        Assert.Equal(4, rig.Pump.InFlight);
        rig.ServeAll(disk);
        Assert.All(rig.TakeCompleted(), o => Assert.Equal(BlockOperationStatus.Okay, o.Status));
        Assert.Equal(disk[..(memories.Length * 20 * Page)], memories.SelectMany(m => m));
        Assert.True(rig.Pump.Counters.WaitsForGrants > 0);
    }

    [Fact]
    public async Task A_pump_whose_grants_others_hold_says_that_it_starves_and_goes_on_later()
    {
        await using var rig = new PumpRig(
            _perRequestGrants, new BlockDeviceOptions { IndirectSegmentsMax = 0 }, grantEntriesMax: 64);
        using GrantablePages other = rig.Frontend.Grants.AllocatePages(DomainId.Zero, 55);
        var references = new GrantReference[55];
        Assert.Equal(GrantStatus.Okay, rig.Frontend.Grants.Offer(other, 0, GrantAccess.ReadOnly, references));
        rig.Submit(BlockOperation.Read, 0, new byte[Page]);
        Assert.True(rig.Pump.IsStarved);

        rig.Frontend.Grants.Revoke(references, new bool[55]);
        rig.Pump.StartWaiting();
        Assert.False(rig.Pump.IsStarved);
        rig.ServeAll(new byte[Page]);
        Assert.Equal(BlockOperationStatus.Okay, Assert.Single(rig.TakeCompleted()).Status);
    }

    [Theory]
    [InlineData(BlkifStatus.Error, BlockOperationStatus.InputOutputError)]
    [InlineData(BlkifStatus.NotSupported, BlockOperationStatus.NotSupported)]
    [InlineData((BlkifStatus)12345, BlockOperationStatus.InputOutputError)]
    [InlineData((BlkifStatus)short.MinValue, BlockOperationStatus.InputOutputError)]
    public async Task The_worst_status_of_its_parts_is_the_status_of_an_operation(
        BlkifStatus answer, BlockOperationStatus expected)
    {
        await using var rig = new PumpRig();
        FrontendOperation operation = rig.Submit(BlockOperation.Read, 0, new byte[4 << 20]);
        rig.Pump.Publish();
        IReadOnlyList<ScriptedRequest> requests = rig.Backend.TakeAll();
        for (int i = 0; i < requests.Count; i++)
        {
            Assert.Empty(rig.TakeCompleted());
            rig.Backend.Respond(requests[i], i == 2 ? answer : BlkifStatus.Okay);
            rig.Pump.TakeResponses();
        }

        Assert.Same(operation, Assert.Single(rig.TakeCompleted()));
        Assert.Equal(expected, operation.Status);
    }

    [Fact]
    public async Task What_the_backend_does_not_offer_is_answered_without_a_request()
    {
        await using var rig = new PumpRig(new BackendOffer());
        rig.Submit(BlockOperation.Flush);
        rig.Submit(BlockOperation.Discard, 0, 4096);
        Assert.All(rig.TakeCompleted(), o => Assert.Equal(BlockOperationStatus.NotSupported, o.Status));
        rig.Pump.Publish();
        Assert.Empty(rig.Backend.TakeAll());
    }

    [Fact]
    public async Task A_flush_is_a_barrier_where_the_backend_offers_nothing_else()
    {
        await using var rig = new PumpRig(new BackendOffer { Barrier = true });
        rig.Submit(BlockOperation.Flush);
        rig.Pump.Publish();
        ScriptedRequest request = Assert.Single(rig.Backend.TakeAll());
        Assert.Equal((BlkifOperation.WriteBarrier, 0), (request.Operation, request.Segments.Count));
        rig.Backend.Respond(request);
        rig.Pump.TakeResponses();
        Assert.Equal(BlockOperationStatus.Okay, Assert.Single(rig.TakeCompleted()).Status);
    }

    [Fact]
    public async Task A_buffer_given_back_too_early_is_used_again_only_when_its_requests_are_done()
    {
        await using var rig = new PumpRig();
        GrantedBuffer buffer = rig.Buffers.Rent(Page);
        rig.Submit(BlockOperation.Read, 0, buffer, 0, Page);
        rig.Submit(BlockOperation.Read, 0, buffer, 0, Page);
        buffer.Dispose();
        buffer.Dispose();
        Assert.NotSame(buffer, rig.Buffers.Rent(Page));
        rig.ServeAll(new byte[Page]);
        Assert.Same(buffer, rig.Buffers.Rent(Page));
        Assert.NotSame(buffer, rig.Buffers.Rent(Page));
    }

    [Fact]
    public async Task A_discard_is_one_request_however_long()
    {
        await using var rig = new PumpRig();
        rig.Submit(BlockOperation.Discard, 4096, 1L << 40);
        rig.Pump.Publish();
        ScriptedRequest request = Assert.Single(rig.Backend.TakeAll());
        Assert.Equal((8ul, 1ul << 31), (request.Request.SectorFirst, request.Request.SectorCount));
    }

    [Fact]
    public async Task A_cancelled_operation_ends_only_when_its_parts_on_the_ring_are_answered()
    {
        await using var rig = new PumpRig(new BackendOffer());
        FrontendOperation large = rig.Submit(BlockOperation.Read, 0, new byte[4 << 20]); // more than 32 direct requests
        FrontendOperation behind = rig.Submit(BlockOperation.Read, 0, new byte[Page]);
        Assert.True(large.HasMore);
        rig.Pump.Cancel(behind);
        Assert.Equal(BlockOperationStatus.Cancelled, Assert.Single(rig.TakeCompleted()).Status);
        rig.Pump.Cancel(large);
        Assert.Empty(rig.TakeCompleted());

        rig.Pump.Publish();
        IReadOnlyList<ScriptedRequest> requests = rig.Backend.TakeAll();
        Assert.Equal(32, requests.Count);
        foreach (ScriptedRequest request in requests) rig.Backend.Respond(request);
        rig.Pump.TakeResponses();
        Assert.Equal(BlockOperationStatus.Cancelled, Assert.Single(rig.TakeCompleted()).Status);
        Assert.Equal(0, rig.Pump.InFlight);
    }

    [Fact]
    public async Task After_the_peer_went_what_was_on_the_ring_fails_where_nobody_is_waited_for()
    {
        await using var rig = new PumpRig();
        for (int i = 0; i < 40; i++) rig.Submit(BlockOperation.Write, 0, new byte[Page]);
        Assert.Equal(0, rig.Detach(BlockOperationStatus.PeerGone));
        List<FrontendOperation> failed = rig.TakeCompleted();
        Assert.Equal(40, failed.Count);
        Assert.All(failed, o => Assert.Equal(BlockOperationStatus.PeerGone, o.Status));
    }

    [Fact]
    public async Task What_was_on_the_ring_of_a_backend_that_went_is_done_again_with_the_next_once()
    {
        await using var rig = new PumpRig(new BackendOffer());
        byte[] disk = Pattern(Page, 5);
        byte[] memory = new byte[Page];
        for (int i = 0; i < 32; i++) rig.Submit(BlockOperation.Flush, 0, 0);
        rig.TakeCompleted();
        for (int i = 0; i < 32; i++) rig.Submit(BlockOperation.Write, 0, Pattern(Page, 9));
        FrontendOperation waiting = rig.Submit(BlockOperation.Read, 0, memory);
        Assert.True(waiting.IsWaiting);
        Assert.Equal(0, rig.Detach(BlockOperationStatus.PeerGone, keepWaiting: true));
        Assert.Empty(rig.TakeCompleted());

        rig.Attach();
        rig.ServeAll(disk);
        List<FrontendOperation> done = rig.TakeCompleted();
        Assert.Equal(33, done.Distinct().Count());
        Assert.Equal(33, done.Count);
        Assert.All(done, o => Assert.Equal(BlockOperationStatus.Okay, o.Status));
        Assert.Contains(waiting, done);
        Assert.Equal(Pattern(Page, 9), memory); // the writes went before it
        Assert.Equal(32, rig.Pump.Counters.OperationsReplayed);
        Assert.Equal(0, rig.Pump.InFlight);
    }

    [Fact]
    public async Task An_operation_of_many_parts_is_done_again_with_smaller_limits_and_completes_once()
    {
        var options = new BlockDeviceOptions { PoolPagesMax = 64 };
        await using var rig = new PumpRig(options: options);
        byte[] disk = Pattern(1 << 20, 6);
        byte[] memory = new byte[1 << 20];
        FrontendOperation large = rig.Submit(BlockOperation.Read, 0, memory);
        FrontendOperation flush = rig.Submit(BlockOperation.Flush);
        Assert.True(large.IsWaiting); // half of it is on the ring
        rig.Pump.Publish();
        ScriptedRequest answered = rig.Backend.TakeAll()[0];
        rig.Backend.Transfer(answered, disk);
        rig.Backend.Respond(answered);
        rig.Pump.TakeResponses();
        Assert.Equal(0, rig.Detach(BlockOperationStatus.PeerGone, keepWaiting: true));

        rig.Offer = new BackendOffer { Flush = true };
        rig.Attach();
        rig.ServeAll(disk);

        Assert.Equal([large, flush], rig.TakeCompleted().OrderBy(o => o == flush));
        Assert.Equal((BlockOperationStatus.Okay, BlockOperationStatus.Okay), (large.Status, flush.Status));
        Assert.Equal(disk, memory);
    }

    [Fact]
    public async Task An_operation_that_had_failed_already_is_not_done_again()
    {
        await using var rig = new PumpRig(new BackendOffer());
        FrontendOperation operation = rig.Submit(BlockOperation.Read, 0, new byte[20 * Page]);
        rig.Pump.Publish();
        ScriptedRequest first = rig.Backend.TakeAll()[0];
        rig.Backend.Respond(first.Id, BlkifOperation.Read, BlkifStatus.Error);
        rig.Pump.TakeResponses();
        rig.Detach(BlockOperationStatus.PeerGone, keepWaiting: true);

        Assert.Same(operation, Assert.Single(rig.TakeCompleted()));
        Assert.Equal(BlockOperationStatus.InputOutputError, operation.Status);
        Assert.Equal(0, rig.Pump.Counters.OperationsReplayed);
    }

    [Fact]
    public async Task Grants_of_requests_that_were_never_answered_are_revoked_once_the_peer_let_go()
    {
        await using var rig = new PumpRig(_perRequestGrants);
        using GrantedBuffer buffer = rig.Buffers.Rent(1 << 20);
        for (int i = 0; i < 8; i++) rig.Submit(BlockOperation.Read, 0, buffer, 0, 1 << 20);
        rig.Submit(BlockOperation.Read, 0, new byte[4 << 20]);
        rig.Pump.Publish();
        rig.Backend.TakeAll();
        Assert.Equal(0, rig.Detach(BlockOperationStatus.PeerGone));
        Assert.Equal(rig.Pump.Counters.GrantsOffered, rig.Pump.Counters.GrantsRevoked);
        Assert.Equal(0, rig.Pump.Counters.GrantsQuarantined);
        Assert.False(buffer.IsQuarantined);
    }

    private static byte[] Pattern(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
