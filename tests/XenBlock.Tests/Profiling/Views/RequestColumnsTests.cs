using System.IO.Compression;
using XenBlock.Profiling;
using XenBlock.Profiling.Views;
using Xunit;

namespace XenBlock.Tests.Profiling.Views;

public sealed class RequestColumnsTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(500, 1)]
    [InlineData(5000, 32)]
    public void What_is_packed_comes_back(int count, int depth)
    {
        List<RequestTrace> requests = Requests.Batches(count, depth, seed: 1);
        long origin = count == 0 ? 0 : requests[0].Stamps[0];

        List<long[]> columns = Unpack(RequestColumns.Pack(requests, origin));

        for (int i = 0; i < count; i++)
        {
            Assert.Equal((long)requests[i].Kind, columns[0][i]);
            Assert.Equal(requests[i].Queue, columns[1][i]);
            Assert.Equal((long)(requests[i].Id & uint.MaxValue), columns[2][i]);
            Assert.Equal((long)requests[i].Sector, columns[3][i]);
            Assert.Equal(requests[i].LengthBytes, columns[4][i]);
            for (int stamp = 0; stamp <= RequestTrace.PhaseCount; stamp++)
                Assert.Equal(requests[i].Stamps[stamp] - origin, columns[5 + stamp][i]);
        }
    }

    [Fact]
    public void Columns_that_a_batch_shares_are_stored_by_neighbour()
    {
        byte[] packed = RequestColumns.Pack(Requests.Batches(4000, 32, seed: 2), 0);

        Assert.Contains(RequestColumns.ByNeighbour, Modes(packed));
        Assert.Contains(RequestColumns.ByPhase, Modes(packed));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    public void Of_125000_requests_it_makes_less_than_a_page_of_4_megabytes_has_room_for(int depth)
    {
        List<RequestTrace> requests = Requests.Batches(125_000, depth, seed: 3);

        int base64 = Convert.ToBase64String(RequestColumns.Pack(requests, requests[0].Stamps[0])).Length;

        // 125,000 requests of 13 stamps and 5 facts; the rest of the page takes a quarter of a megabyte.
        Assert.InRange(base64, 100_000, 3_750_000);
    }

    // The format in the words of a reader: a second statement of what RequestColumns writes.
    private static List<long[]> Unpack(byte[] packed)
    {
        using var bytes = Inflated(packed);
        var columns = new List<long[]>();
        long count = Next(bytes);
        for (int column = 0; column < RequestColumns.PlainColumns; column++)
        {
            long before = 0;
            columns.Add(Read(count, raw => column switch
            {
                3 => before += Signed(raw),
                5 => before += raw,
                _ => raw,
            }, bytes));
        }

        for (int stamp = 1; stamp <= RequestTrace.PhaseCount; stamp++)
        {
            int mode = bytes.ReadByte();
            long[] last = columns[^1];
            long before = count == 0 ? 0 : columns[5][0];
            int at = 0;
            columns.Add(Read(count, raw => mode == RequestColumns.ByPhase
                ? last[at++] + raw
                : before += Signed(raw), bytes));
        }

        Assert.Equal(-1, bytes.ReadByte());
        return columns;
    }

    private static List<byte> Modes(byte[] packed)
    {
        using var bytes = Inflated(packed);
        var modes = new List<byte>();
        long count = Next(bytes);
        for (int column = 0; column < RequestColumns.PlainColumns + RequestTrace.PhaseCount; column++)
        {
            if (column >= RequestColumns.PlainColumns) modes.Add((byte)bytes.ReadByte());
            _ = Read(count, raw => raw, bytes);
        }

        return modes;
    }

    private static MemoryStream Inflated(byte[] packed)
    {
        using var deflate = new DeflateStream(new MemoryStream(packed), CompressionMode.Decompress);
        var bytes = new MemoryStream();
        deflate.CopyTo(bytes);
        bytes.Position = 0;
        return bytes;
    }

    private static long[] Read(long count, Func<long, long> value, Stream bytes)
    {
        var values = new long[count];
        for (int i = 0; i < count; i++) values[i] = value(Next(bytes));
        return values;
    }

    private static long Signed(long raw) => (raw >>> 1) ^ -(raw & 1);

    private static long Next(Stream bytes)
    {
        long value = 0;
        for (int shift = 0; ; shift += 7)
        {
            int one = bytes.ReadByte();
            Assert.NotEqual(-1, one);
            value |= (long)(one & 0x7f) << shift;
            if (one < 0x80) return value;
        }
    }
}
