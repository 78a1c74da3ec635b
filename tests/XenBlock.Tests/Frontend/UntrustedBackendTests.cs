using XenBlock.Frontend;
using XenBlock.Protocol;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Frontend;

/// <summary>A backend that is not trusted gets the sectors of requests, and zeros around them (XSA-403).</summary>
public sealed class UntrustedBackendTests
{
    private const byte Secret = 0xA5;

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task S15_the_backend_sees_the_sectors_of_a_request_and_zeros_around_them(
        bool isPersistent, bool callerPumps)
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        await rig.BackendDomain.Store.WriteAsync(
            $"{VbdPaths.Frontend(new DomainId(1), DeviceRig.Vbd)}/{VbdKeys.Trusted}", "0");
        byte[] content = new byte[1 << 20];
        Array.Fill(content, Secret, 0, 64 << 10);
        (ScriptedBackend backend, BlockDevice device) = await rig.ConnectScriptAsync(
            content,
            new BlockDeviceOptions { Persistent = isPersistent, CallerPumps = callerPumps, QueuesMax = 1 },
            DeviceRig.Offer with { Persistent = isPersistent });
        backend.RecordsPages = true;
        using GrantedBuffer buffer = device.RentBuffer(64 << 10);
        if (callerPumps)
        {
            BlockQueue queue = device.OpenQueue();
            Do(queue, BlockOperation.Read, buffer, 0, 64 << 10);
            Assert.Equal(-1, buffer.Span.IndexOfAnyExcept(Secret));
            Do(queue, BlockOperation.Write, buffer, 512, 512);
        }
        else
        {
            await device.ReadAsync(0, buffer, 0, 64 << 10);
            Assert.Equal(-1, buffer.Span.IndexOfAnyExcept(Secret));
            await device.WriteAsync(1 << 19, buffer, 512, 512);
        }

        // The page that carried 512 bytes had been used for the read before, and lies in a buffer full of the secret.
        byte[] page = Assert.Single(backend.PagesOfWrites);
        Assert.Equal(4096, page.Length);
        Assert.Equal(512, page.Count(value => value == Secret));
        Assert.Equal(4096 - 512, page.Count(value => value == 0));
    }

    [Fact]
    public async Task The_control_a_trusted_backend_sees_the_whole_page_of_a_buffer()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        (ScriptedBackend backend, BlockDevice device) = await rig.ConnectScriptAsync(new byte[1 << 20]);
        backend.RecordsPages = true;
        using GrantedBuffer buffer = device.RentBuffer(8192);
        buffer.Span.Fill(Secret);
        await device.WriteAsync(0, buffer, 512, 512);
        Assert.Equal(4096, Assert.Single(backend.PagesOfWrites).Count(value => value == Secret));
    }

    [Fact]
    public async Task A_buffer_of_such_a_device_does_not_show_what_its_last_user_left()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(1 << 20);
        await rig.ServeAsync(store);
        BlockDevice device = await rig.ConnectAsync(new BlockDeviceOptions { TrustsBackend = false });
        using (GrantedBuffer first = device.RentBuffer(4096)) first.Span.Fill(Secret);
        using GrantedBuffer second = device.RentBuffer(4096);
        Assert.Equal(-1, second.Span.IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public async Task Data_come_through_in_every_shape()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(4 << 20);
        await rig.ServeAsync(store);
        BlockDevice device = await rig.ConnectAsync(new BlockDeviceOptions { TrustsBackend = false });
        using GrantedBuffer buffer = device.RentBuffer(2 << 20);
        var random = new Random(3);
        for (int round = 0; round < 50; round++)
        {
            int length = random.Next(1, 2000) * 512;
            int at = random.Next(0, 2048) * 512;
            random.NextBytes(buffer.Span);
            byte[] written = buffer.Span.Slice(512, length).ToArray();
            await device.WriteAsync(at, buffer, 512, length);
            buffer.Span.Clear();
            await device.ReadAsync(at, buffer, 1024, length);
            Assert.Equal(written, buffer.Span.Slice(1024, length).ToArray());
        }
    }

    private static void Do(BlockQueue queue, BlockOperation operation, GrantedBuffer buffer, int at, int length)
    {
        Assert.True(queue.TrySubmit(operation, operation == BlockOperation.Read ? 0 : 1 << 19, buffer, at, length, 1));
        queue.Publish();
        var done = new BlockCompletion[1];
        while (queue.Reap(done) == 0) queue.Wait(TimeSpan.FromSeconds(5));
        Assert.Equal(BlockOperationStatus.Okay, done[0].Status);
    }
}
