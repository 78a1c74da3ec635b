using XenBlock.Backend;
using XenBlock.Frontend;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Frontend;

public sealed class BlockDeviceTests
{
    [Fact]
    public async Task What_is_written_is_read_back_by_every_kind_of_call()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(8 << 20);
        await rig.ServeAsync(store);
        BlockDevice device = await rig.ConnectAsync();
        Assert.Equal((8L << 20, 512), (device.SizeBytes, device.SectorSizeBytes));

        byte[] data = Pattern(3 << 20, 1);
        await device.WriteAsync(512, data);
        byte[] back = new byte[data.Length];
        await device.ReadAsync(512, back);
        Assert.Equal(data, back);

        device.Write(4096, data);
        Array.Clear(back);
        device.Read(4096, back);
        Assert.Equal(data, back);
        await device.FlushAsync();
        device.Flush();

        using GrantedBuffer buffer = device.RentBuffer(1 << 20);
        data.AsSpan(0, 1 << 20).CopyTo(buffer.Span);
        await device.WriteAsync(0, buffer, 0, 1 << 20);
        buffer.Span.Clear();
        await device.ReadAsync(1024, buffer, 512, 4096);
        Assert.Equal(data.AsSpan(1024, 4096).ToArray(), buffer.Span.Slice(512, 4096).ToArray());
        Assert.Equal(1, device.Statistics.Connections);
        Assert.True(device.Statistics.IndirectRequests > 0);
    }

    [Theory]
    [InlineData(PayloadAccess.Map, true, 0)]
    [InlineData(PayloadAccess.Batch, false, 2)]
    [InlineData(PayloadAccess.Map, false, 2)]
    [InlineData(PayloadAccess.Persistent, true, 0)]
    [InlineData(PayloadAccess.Persistent, true, 4)]
    [InlineData(PayloadAccess.Copy, false, 1)]
    [InlineData(PayloadAccess.Copy, true, 0)]
    public async Task Many_operations_at_once_from_many_threads_keep_their_data(
        PayloadAccess access, bool isPersistent, int ringPageOrder)
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(32 << 20);
        await rig.ServeAsync(store, new ServedDiskOptions { Access = access });
        BlockDevice device = await rig.ConnectAsync(
            new BlockDeviceOptions { Persistent = isPersistent, RingPageOrder = ringPageOrder, PoolPagesMax = 1024 });
        Assert.Equal(ringPageOrder, device.Features.RingPageOrder);

        var wide = new ParallelOptions { MaxDegreeOfParallelism = 16 };
        await Parallel.ForAsync(0, 64, wide, async (i, cancellationToken) =>
        {
            int lengthBytes = 512 * (1 + (i * 37 % 900));
            byte[] data = Pattern(lengthBytes, i);
            byte[] back = new byte[lengthBytes];
            await device.WriteAsync(i * (512L << 10), data, cancellationToken);
            await device.ReadAsync(i * (512L << 10), back, cancellationToken);
            Assert.Equal(data, back);
        });
        Assert.Equal(0, device.Statistics.InFlight);
        Assert.Equal(0, device.Statistics.PagesQuarantined);
    }

    [Fact]
    public async Task A_domain_without_the_disk_is_told_which_disks_it_has()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        var e = await Assert.ThrowsAsync<XenBlockException>(
            () => BlockDevice.ConnectAsync(rig.FrontendDomain, "xvdz"));
        Assert.Equal(XenBlockErrorKind.NotFound, e.Kind);
        Assert.Equal("xvdz is not a disk of domain 1; it has xvda", e.Message);
        e = await Assert.ThrowsAsync<XenBlockException>(() => BlockDevice.ConnectAsync(rig.FrontendDomain, "floppy"));
        Assert.Equal(XenBlockErrorKind.InvalidArgument, e.Kind);
    }

    [Fact]
    public async Task A_backend_that_never_begins_ends_in_a_sentence_when_the_time_is_over()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        var e = await Assert.ThrowsAsync<XenBlockException>(() => rig.ConnectAsync(
            new BlockDeviceOptions { ConnectTimeout = TimeSpan.FromMilliseconds(200) }));
        Assert.Equal(XenBlockErrorKind.TimedOut, e.Kind);
        Assert.Equal("the backend of xvda in domain 0 did not begin within 0.2 s; is it running?", e.Message);
    }

    [Fact]
    public async Task A_backend_that_never_connects_ends_in_a_sentence_and_all_pages_come_back()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        await rig.Script().OfferAsync(DeviceRig.Offer);
        int free = rig.FrontendDomain.PageCounts.Free;
        var e = await Assert.ThrowsAsync<XenBlockException>(() => rig.ConnectAsync(
            new BlockDeviceOptions { ConnectTimeout = TimeSpan.FromMilliseconds(200) }));
        Assert.Equal(XenBlockErrorKind.TimedOut, e.Kind);
        Assert.Contains("did not connect within 0.2 s", e.Message, StringComparison.Ordinal);
        Assert.Equal(free, rig.FrontendDomain.PageCounts.Free);
    }

    [Fact]
    public async Task A_backend_that_gives_up_is_quoted()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        ScriptedBackend backend = rig.Script();
        await backend.PublishAsync(XenbusState.Closed, (VbdKeys.Error, "disk.img: no such file"));
        var e = await Assert.ThrowsAsync<XenBlockException>(() => rig.ConnectAsync());
        Assert.Equal(XenBlockErrorKind.PeerGone, e.Kind);
        Assert.Equal("the backend of xvda gave up: disk.img: no such file", e.Message);
    }

    [Theory]
    [InlineData("sectors", "99999999999999999999")]
    [InlineData("sectors", "-1")]
    [InlineData("sectors", "many")]
    [InlineData("sector-size", "0")]
    [InlineData("sector-size", "513")]
    [InlineData("sector-size", "4294967296")]
    public async Task Nonsense_about_the_disk_is_refused_with_a_sentence(string key, string value)
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        ScriptedBackend backend = rig.Script();
        Task going = Task.Run(async () =>
        {
            await backend.OfferAsync(DeviceRig.Offer);
            await backend.AttachAsync(DeviceRig.Offer);
            await backend.PublishAsync(
                XenbusState.Connected, (VbdKeys.Sectors, "2048"), (VbdKeys.SectorSize, "512"), (key, value));
            await backend.WaitForFrontendAsync(XenbusState.Closing);
            backend.Detach();
            await backend.PublishAsync(XenbusState.Closed);
        });
        var e = await Assert.ThrowsAsync<XenBlockException>(() => rig.ConnectAsync());
        await going;
        Assert.Equal(XenBlockErrorKind.PeerViolation, e.Kind);
        Assert.Contains($"xvda cannot be used: the backend's {key} '{value}'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_offer_of_nonsense_is_an_offer_of_nothing()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        ScriptedBackend backend = rig.Script();
        await backend.PublishAsync(
            XenbusState.InitWait,
            (VbdKeys.FeatureMaxIndirectSegments, "lots"),
            (VbdKeys.MaxRingPageOrder, "-3"),
            (VbdKeys.MultiQueueMaxQueues, "many"),
            (VbdKeys.FeaturePersistent, "99999999999999999999999"));
        Task<BlockDevice> connecting = rig.ConnectAsync(new BlockDeviceOptions { RingPageOrder = 2, QueuesMax = 2 });
        await backend.AttachAsync(new BackendOffer());
        await backend.ConnectAsync(1 << 20);
        BlockDevice device = await connecting;
        Assert.Equal((0, 0), (device.Features.IndirectSegmentsMax, device.Features.RingPageOrder));
        Assert.Equal(1, device.Features.QueueCount);
        Assert.Contains(
            device.Features.Decisions,
            d => d.Reason is not null && d.Reason.Contains("lots", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_frontend_names_its_layout_and_publishes_everything_at_once()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        var offer = new BackendOffer { RingPageOrderMax = 4 };
        ScriptedBackend backend = rig.Script();
        Task<FrontendAnswer> going = backend.GoAsync(offer, 1 << 20);
        await rig.ConnectAsync(new BlockDeviceOptions { RingPageOrder = 2, Abi = BlkifAbi.X86_32 });
        FrontendAnswer answer = await going;
        Assert.Equal((BlkifAbi.X86_32, 2, true), (answer.Abi, answer.RingPageOrder, answer.Persistent));
        Assert.Null(await rig.FrontendDomain.Store.ReadAsync($"{backend.FrontendPath}/{VbdKeys.RingRef}"));
        Assert.Equal("4", await rig.FrontendDomain.Store.ReadAsync($"{backend.FrontendPath}/{VbdKeys.State}"));
    }

    [Fact]
    public async Task A_range_that_makes_no_sense_is_refused_before_it_is_sent()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        (_, BlockDevice device) = await rig.ConnectScriptAsync(new byte[1 << 20]);
        using GrantedBuffer buffer = device.RentBuffer(4096);
        AssertInvalid(() => device.ReadAsync(1, new byte[512]).AsTask());
        AssertInvalid(() => device.ReadAsync(0, new byte[100]).AsTask());
        AssertInvalid(() => device.ReadAsync(-512, new byte[512]).AsTask());
        AssertInvalid(() => device.ReadAsync(1 << 20, new byte[512]).AsTask());
        AssertInvalid(() => device.WriteAsync(long.MaxValue - 511, new byte[512]).AsTask());
        AssertInvalid(() => device.ReadAsync(0, buffer, 512, 4096).AsTask());
        AssertInvalid(() => device.ReadAsync(0, buffer, -512, 512).AsTask());
        AssertInvalid(() => device.ReadAsync(0, buffer, 0, 0).AsTask());
        Assert.Equal(0, device.Statistics.Requests);

        static void AssertInvalid(Func<Task> call) => Assert.Equal(
            XenBlockErrorKind.InvalidArgument, Assert.Throws<XenBlockException>(() => { _ = call(); }).Kind);
    }

    [Fact]
    public async Task A_read_only_disk_refuses_writes_on_this_side_already()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(1 << 20);
        await rig.ServeAsync(store, new ServedDiskOptions { ReadOnly = true });
        BlockDevice device = await rig.ConnectAsync();
        Assert.True(device.IsReadOnly);
        var e = await Assert.ThrowsAsync<XenBlockException>(async () => await device.WriteAsync(0, new byte[512]));
        Assert.Equal(XenBlockErrorKind.PermissionDenied, e.Kind);
    }

    [Fact]
    public async Task An_error_of_the_backend_names_the_operation()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        (ScriptedBackend backend, BlockDevice device) = await rig.ConnectScriptAsync(null);
        ValueTask read = device.ReadAsync(4096, new byte[512]);
        ScriptedRequest? request = null;
        await DeviceRig.UntilAsync(() => (request = backend.Ring!.TryTake()) is not null);
        if (backend.Ring!.Respond(request!, BlkifStatus.Error)) backend.Channel!.Notify();
        var e = await Assert.ThrowsAsync<XenBlockException>(async () => await read);
        Assert.Equal(XenBlockErrorKind.InputOutput, e.Kind);
        Assert.StartsWith(
            "the backend failed the read of 512 bytes at 4096 of xvda", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_wait_ends_when_the_memory_is_safe()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        (ScriptedBackend backend, BlockDevice device) = await rig.ConnectScriptAsync(
            null, offer: new BackendOffer());
        using var cancel = new CancellationTokenSource();
        Task large = device.ReadAsync(0, new byte[1 << 20], cancel.Token).AsTask(); // 24 direct requests
        Task second = device.ReadAsync(0, new byte[1 << 20], cancel.Token).AsTask(); // 8 on the ring, 16 wait
        Task third = device.ReadAsync(0, new byte[512], cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);
        Assert.False(second.IsCompleted);
        Assert.Equal(32, device.Statistics.InFlight);
        backend.Serve(new byte[1 << 20]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        await large; // all of it was on the ring: nothing was left to cancel
        Assert.Equal(32, device.Statistics.Requests);
    }

    private static byte[] Pattern(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
