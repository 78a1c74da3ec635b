using CsCheck;
using XenBlock.SharedMemory;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Storage;

public sealed class MemoryBlockStoreTests
{
    [Fact]
    public void A_new_disk_reads_as_zeros()
    {
        using var store = new MemoryBlockStore(1 << 20);
        var memory = new PinnedMemory(4096);
        memory.Span.Fill(0xAA);
        Assert.True(store.Read(512, [memory.All]).IsOkay);
        Assert.Equal(-1, memory.Span.IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void What_was_written_is_read_also_across_chunks()
    {
        const long AcrossChunks = (16 << 20) - 1024;
        using var store = new MemoryBlockStore(20 << 20);
        var written = new PinnedMemory(8192);
        written.FillFrom(1);
        Assert.True(store.Write(AcrossChunks, [written.Segment(0, 512), written.Segment(512, 7680)]).IsOkay);
        var read = new PinnedMemory(8192);
        Assert.True(store.Read(AcrossChunks, [read.Segment(0, 4096), read.Segment(4096, 4096)]).IsOkay);
        Assert.True(written.Span.SequenceEqual(read.Span));
    }

    [Fact]
    public void A_discarded_range_reads_as_zeros_and_its_neighbours_stay()
    {
        using var store = new MemoryBlockStore(1 << 20);
        var memory = new PinnedMemory(12_288);
        memory.Span.Fill(0x55);
        store.Write(0, [memory.All]);
        Assert.True(store.Discard(4096, 4096, secure: false).IsOkay);
        store.Read(0, [memory.All]);
        Assert.Equal(0x55, memory.Span[4095]);
        Assert.Equal(-1, memory.Span.Slice(4096, 4096).IndexOfAnyExcept((byte)0));
        Assert.Equal(0x55, memory.Span[8192]);
    }

    [Theory]
    [InlineData(0, 512)]
    [InlineData(-512, 512)]
    [InlineData(513, 512)]
    [InlineData(512, 4096)]
    [InlineData(8192, 1000)]
    public void A_size_that_is_no_disk_is_refused(long sizeBytes, int sectorSizeBytes) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new MemoryBlockStore(sizeBytes, sectorSizeBytes));

    [Fact]
    public void It_behaves_as_an_array_whatever_is_done()
    {
        const int SizeBytes = 64 << 10;
        Gen<(bool IsWrite, int Sector, int Count, int Seed)> operation = Gen.Select(
            Gen.Bool, Gen.Int[0, 127], Gen.Int[1, 16], Gen.Int[0, 1000]);
        operation.Array[1, 40].Sample(operations =>
        {
            using var store = new MemoryBlockStore(SizeBytes);
            byte[] model = new byte[SizeBytes];
            foreach ((bool isWrite, int sector, int count, int seed) in operations)
            {
                int lengthBytes = Math.Min(count, 128 - sector) * 512;
                var memory = new PinnedMemory(lengthBytes);
                PayloadSegment[] halves = lengthBytes > 512
                    ? [memory.Segment(0, 512), memory.Segment(512, lengthBytes - 512)]
                    : [memory.All];
                if (isWrite)
                {
                    memory.FillFrom(seed);
                    store.Write(sector * 512, halves);
                    memory.Span.CopyTo(model.AsSpan(sector * 512));
                }
                else
                {
                    store.Read(sector * 512, halves);
                    if (!memory.Span.SequenceEqual(model.AsSpan(sector * 512, lengthBytes))) return false;
                }
            }

            return true;
        }, iter: 200);
    }
}
