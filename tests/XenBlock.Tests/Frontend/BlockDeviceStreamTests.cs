using CsCheck;
using XenBlock.Frontend;
using XenBlock.Hypervisor;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Frontend;

public sealed class BlockDeviceStreamTests
{
    private const int DiskBytes = 64 << 10;

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public async Task Reads_and_writes_at_any_position_agree_with_an_array(int sectorSizeBytes)
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(DiskBytes, sectorSizeBytes);
        await rig.ServeAsync(store);
        BlockDevice device = await rig.ConnectAsync();
        Assert.Equal(sectorSizeBytes, device.SectorSizeBytes);
        byte[] model = new byte[DiskBytes];
        Gen.Int.Sample(
            seed => StepAsync(device, model, new Random(seed)).GetAwaiter().GetResult(), iter: 200, threads: 1);
        byte[] all = new byte[DiskBytes];
        device.Read(0, all);
        Assert.Equal(model, all);
    }

    [Fact]
    public async Task A_stream_ends_where_the_disk_ends()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(DiskBytes);
        await rig.ServeAsync(store);
        BlockDevice device = await rig.ConnectAsync();
        await using Stream stream = device.OpenStream();
        stream.Seek(-3, SeekOrigin.End);
        Assert.Equal(3, await stream.ReadAsync(new byte[10]));
        Assert.Equal(0, await stream.ReadAsync(new byte[10]));
        stream.Position = DiskBytes - 3;
        Assert.Throws<XenBlockException>(() => stream.Write(new byte[4]));
        stream.Write(new byte[3]);
        await stream.FlushAsync();
        Assert.Equal(DiskBytes, stream.Length);
        Assert.Throws<NotSupportedException>(() => stream.SetLength(1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_could_not_be_written_is_not_read_back(bool isAsynchronous)
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var memory = new MemoryBlockStore(DiskBytes);
        using var store = new FaultyBlockStore(
            memory, new FaultyBlockStoreOptions { Kind = StoreOperationKind.Write, EveryNth = 1 });
        await rig.ServeAsync(store);
        BlockDevice device = await rig.ConnectAsync();
        await using Stream stream = device.OpenStream();
        Assert.Equal(0, stream.ReadByte());
        if (isAsynchronous)
            await Assert.ThrowsAsync<XenBlockException>(async () => await stream.WriteAsync(new byte[] { 7, 7 }));
        else
            Assert.Throws<XenBlockException>(() => stream.Write([7, 7]));
        Assert.Equal(1, stream.Position);
        Assert.Equal(0, stream.ReadByte());
    }

    private static async Task StepAsync(BlockDevice device, byte[] model, Random random)
    {
        await using Stream stream = device.OpenStream();
        for (int i = 0; i < 6; i++)
        {
            if (random.Next(3) == 0) stream.Position = random.Next(DiskBytes);
            int lengthBytes = Math.Min(random.Next(1, 12_000), DiskBytes - (int)stream.Position);
            int at = (int)stream.Position;
            byte[] data = new byte[lengthBytes];
            if (random.Next(2) == 0)
            {
                random.NextBytes(data);
                data.CopyTo(model, at);
                if (random.Next(2) == 0) stream.Write(data);
                else await stream.WriteAsync(data);
            }
            else
            {
                if (random.Next(2) == 0) stream.ReadExactly(data);
                else await stream.ReadExactlyAsync(data);
                Assert.Equal(model.AsSpan(at, lengthBytes).ToArray(), data);
            }

            Assert.Equal(at + lengthBytes, stream.Position);
        }
    }
}
