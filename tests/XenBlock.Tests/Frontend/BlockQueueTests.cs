using XenBlock.Frontend;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Frontend;

public sealed class BlockQueueTests
{
    private static readonly BlockDeviceOptions _options = new() { CallerPumps = true };

    [Fact]
    public async Task Operations_come_back_with_their_tokens_and_their_data()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(4 << 20);
        await rig.ServeAsync(store);
        BlockDevice device = await rig.ConnectAsync(_options);
        BlockQueue queue = device.OpenQueue();
        using GrantedBuffer buffer = device.RentBuffer(4 << 20);
        new Random(1).NextBytes(buffer.Span);
        byte[] written = buffer.Span.ToArray();
        for (int i = 0; i < 64; i++)
            Assert.True(queue.TrySubmit(BlockOperation.Write, i * 65536, buffer, i * 65536, 65536, (ulong)i));
        Assert.Equal(64, queue.InFlight);
        Assert.Equal(Enumerable.Range(0, 64).Select(i => (ulong)i), Drain(queue, 64).Select(c => c.Token).Order());

        Assert.True(queue.TrySubmit(BlockOperation.Flush, 0, null, 0, 0, 64));
        Assert.Equal(new BlockCompletion(64, BlockOperationStatus.Okay), Assert.Single(Drain(queue, 1)));
        buffer.Span.Clear();
        Assert.True(queue.TrySubmit(BlockOperation.Read, 0, buffer, 0, 4 << 20, 65));
        Drain(queue, 1);
        Assert.Equal(written, buffer.Span.ToArray());
        Assert.Equal(0, queue.InFlight);
    }

    [Fact]
    public async Task A_full_queue_says_so_and_goes_on_after_a_reap()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new NullBlockStore(4 << 20);
        await rig.ServeAsync(store);
        BlockDevice device = await rig.ConnectAsync(_options);
        BlockQueue queue = device.OpenQueue();
        using GrantedBuffer buffer = device.RentBuffer(4096);
        for (int i = 0; i < queue.Capacity; i++)
            Assert.True(queue.TrySubmit(BlockOperation.Read, 0, buffer, 0, 4096, 0));
        Assert.False(queue.TrySubmit(BlockOperation.Read, 0, buffer, 0, 4096, 0));
        Drain(queue, queue.Capacity);
        Assert.True(queue.TrySubmit(BlockOperation.Read, 0, buffer, 0, 4096, 0));
        Drain(queue, 1);
    }

    [Fact]
    public async Task Waiting_ends_when_the_time_is_over()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        (_, BlockDevice device) = await rig.ConnectScriptAsync(null, _options);
        BlockQueue queue = device.OpenQueue();
        using GrantedBuffer buffer = device.RentBuffer(4096);
        queue.TrySubmit(BlockOperation.Read, 0, buffer, 0, 4096, 0);
        queue.Publish();
        Assert.False(queue.Wait(TimeSpan.FromMilliseconds(20)));
        Assert.Equal(1, queue.InFlight);
    }

    [Fact]
    public async Task When_the_backend_dies_operations_complete_as_gone_and_so_do_later_ones()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        (_, BlockDevice device) = await rig.ConnectScriptAsync(null, _options);
        BlockQueue queue = device.OpenQueue();
        using GrantedBuffer buffer = device.RentBuffer(4096);
        for (int i = 0; i < 40; i++) queue.TrySubmit(BlockOperation.Read, 0, buffer, 0, 4096, (ulong)i);
        queue.Publish();
        await rig.KillBackendDomainAsync();
        Assert.All(Drain(queue, 40), c => Assert.Equal(BlockOperationStatus.PeerGone, c.Status));
        Assert.Contains("32 requests were under way", queue.EndReason, StringComparison.Ordinal);
        queue.TrySubmit(BlockOperation.Read, 0, buffer, 0, 4096, 99);
        Assert.Equal(new BlockCompletion(99, BlockOperationStatus.PeerGone), Assert.Single(Drain(queue, 1)));
        await device.Disconnected;
    }

    [Fact]
    public async Task When_the_backend_breaks_the_protocol_operations_complete_as_its_victims()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        (ScriptedBackend backend, BlockDevice device) = await rig.ConnectScriptAsync(null, _options);
        BlockQueue queue = device.OpenQueue();
        using GrantedBuffer buffer = device.RentBuffer(4096);
        queue.TrySubmit(BlockOperation.Read, 0, buffer, 0, 4096, 1);
        queue.Publish();
        ScriptedRequest request = Assert.Single(backend.Ring!.TakeAll());
        backend.Ring.Respond(request.Id, BlkifOperation.Write, BlkifStatus.Okay);
        backend.Channel!.Notify();
        Assert.Equal(new BlockCompletion(1, BlockOperationStatus.PeerViolation), Assert.Single(Drain(queue, 1)));
    }

    [Fact]
    public async Task A_device_is_for_a_queue_or_for_calls_but_not_for_both()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        (_, BlockDevice device) = await rig.ConnectScriptAsync(null, _options);
        Assert.Throws<InvalidOperationException>(() => device.Flush());
        device.OpenQueue();
        Assert.Throws<InvalidOperationException>(device.OpenQueue);
        Assert.Throws<InvalidOperationException>(() => { _ = device.ReadAsync(0, new byte[512]).AsTask(); });
    }

    [Fact]
    public async Task A_buffer_of_another_device_or_one_given_back_is_refused()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        await using DeviceRig other = await DeviceRig.CreateAsync();
        (_, BlockDevice device) = await rig.ConnectScriptAsync(null, _options);
        (_, BlockDevice foreign) = await other.ConnectScriptAsync(null, _options);
        BlockQueue queue = device.OpenQueue();
        using GrantedBuffer theirs = foreign.RentBuffer(4096);
        var e = Assert.Throws<XenBlockException>(() => queue.TrySubmit(BlockOperation.Read, 0, theirs, 0, 4096, 0));
        Assert.Equal(XenBlockErrorKind.InvalidArgument, e.Kind);
        GrantedBuffer gone = device.RentBuffer(4096);
        gone.Dispose();
        Assert.Throws<ObjectDisposedException>(() => queue.TrySubmit(BlockOperation.Read, 0, gone, 0, 4096, 0));
        Assert.Equal(0, queue.InFlight);
    }

    private static List<BlockCompletion> Drain(BlockQueue queue, int count)
    {
        var all = new List<BlockCompletion>();
        Span<BlockCompletion> some = stackalloc BlockCompletion[16];
        queue.Publish();
        while (all.Count < count)
        {
            Assert.True(queue.Wait(TimeSpan.FromSeconds(10)), "nothing came back in ten seconds");
            all.AddRange(some[..queue.Reap(some)]);
        }

        return all;
    }
}
