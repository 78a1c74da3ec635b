using System.Runtime.InteropServices;
using XenBlock.Profiling;
using XenBlock.SharedMemory;
using Xunit;

namespace XenBlock.Tests.Profiling;

public sealed class TraceRecorderTests
{
    private static readonly byte[] _uuid = Guid.NewGuid().ToByteArray();

    [Fact]
    public void A_record_is_32_bytes_and_a_packet_a_page()
    {
        Assert.Equal(32, Marshal.SizeOf<TraceRecord>());
        Assert.Equal(4096, TracePacket.HeaderBytes + (TracePacket.RecordsMax * TraceRecord.SizeBytes));
    }

    [Fact]
    public void What_is_written_is_read_once_in_order()
    {
        (TraceRecorder recorder, TraceReader reader, byte[] memory) = Make(packets: 4);
        int next = 0;
        var read = new List<ulong>();
        foreach (int burst in (int[])[1, 124, 1, 3, 200, 0, 250])
        {
            for (int i = 0; i < burst; i++) Write(recorder, next++);
            foreach ((byte[] page, int count) in reader.Read())
            {
                foreach (TraceRecord record in TracePacket.RecordsOf(page, count)) read.Add(record.Request);
            }
        }

        Assert.Equal(Enumerable.Range(0, next).Select(i => (ulong)i), read);
        Assert.Equal(0ul, reader.Lost);
        GC.KeepAlive(memory);
    }

    [Fact]
    public void A_packet_that_is_not_full_is_left_if_whole_ones_are_wanted()
    {
        (TraceRecorder recorder, TraceReader reader, byte[] memory) = Make(packets: 4);
        for (int i = 0; i < TracePacket.RecordsMax - 1; i++) Write(recorder, i);
        Assert.Empty(reader.Read(wholeOnly: true));
        for (int i = TracePacket.RecordsMax - 1; i < TracePacket.RecordsMax + 3; i++) Write(recorder, i);
        Assert.Equal(TracePacket.RecordsMax, Assert.Single(reader.Read(wholeOnly: true)).RecordCount);
        Assert.Equal(3, Assert.Single(reader.Read()).RecordCount);
        Assert.Equal(0ul, reader.Lost);
        GC.KeepAlive(memory);
    }

    [Fact]
    public void What_was_overwritten_is_counted_and_the_rest_is_whole()
    {
        (TraceRecorder recorder, TraceReader reader, byte[] memory) = Make(packets: 4);
        for (int i = 0; i < 10_000; i++) Write(recorder, i);
        ulong[] read = [.. reader.Read().SelectMany(packet => Requests(packet.Page, packet.RecordCount))];
        Assert.Equal(10_000, read.Length + (int)reader.Lost);
        Assert.InRange(read.Length, 3 * TracePacket.RecordsMax, 4 * TracePacket.RecordsMax);
        Assert.Equal(Enumerable.Range(10_000 - read.Length, read.Length).Select(i => (ulong)i), read);
        GC.KeepAlive(memory);
    }

    [Fact]
    public async Task A_reader_beside_a_writer_gets_no_torn_record_and_loses_none_uncounted()
    {
        (TraceRecorder recorder, TraceReader reader, byte[] memory) = Make(packets: 8);
        const int Total = 2_000_000;
        Task writing = Task.Factory.StartNew(
            () =>
            {
                for (int i = 0; i < Total; i++) Write(recorder, i);
            },
            TaskCreationOptions.LongRunning);
        long read = 0;
        long last = -1;
        bool isLast = false;
        while (!isLast)
        {
            isLast = writing.IsCompleted;
            foreach ((byte[] page, int count) in reader.Read())
            {
                foreach (TraceRecord record in TracePacket.RecordsOf(page, count))
                {
                    Assert.True((long)record.Request > last);
                    last = (long)record.Request;
                    Assert.Equal(Detail(record.Request), record.Detail);
                    Assert.Equal(last * 10, record.TimeNs);
                    read++;
                }
            }
        }

        await writing;
        Assert.Equal(Total, read + (long)reader.Lost);
        Assert.Equal(Total - 1, last);
        GC.KeepAlive(memory);
    }

    [Fact]
    public void A_recorder_that_writes_allocates_nothing()
    {
        (TraceRecorder recorder, _, byte[] memory) = Make(packets: 4);
        Write(recorder, 0);
        long least = long.MaxValue;
        for (int round = 0; round < 3 && least != 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100_000; i++) Write(recorder, i);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
        GC.KeepAlive(memory);
    }

    [Fact]
    public void The_clock_is_read_again_only_after_something_was_done()
    {
        var time = new CountingTime();
        byte[] memory = GC.AllocateArray<byte>(3 * TracePacket.SizeBytes, pinned: true);
        var pages = new SharedPages(Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0), memory.Length);
        var recorder = new TraceRecorder(pages, 0, "test", time);
        long firstNs = recorder.AtNs;
        recorder.Write(firstNs, TraceEventKind.StoreAnswered, 0, 0, 1, 0);
        Assert.Equal(firstNs, recorder.AtNs);
        Assert.Equal(1, time.Readings);
        recorder.Pass();
        Assert.True(recorder.AtNs > firstNs);
        Assert.True(recorder.NowNs > firstNs);
        Assert.Equal(3, time.Readings);
        GC.KeepAlive(memory);
    }

    [Fact]
    public void What_recording_costs_is_counted_by_readings_and_records()
    {
        var cost = RecordingCost.Measure(TimeProvider.System);
        Assert.InRange(cost.ReadingNs, 0.1, 1e6);
        Assert.InRange(cost.RecordNs, 0.1, 1e6);
        var session = new TraceSession(TimeProvider.System, 4);
        TraceRecorder recorder = session.Recorder("test", TraceSide.Backend, "1/xvda", 0);
        foreach (long timeNs in (long[])[10, 10, 20, 30, 30, 30])
            recorder.Write(timeNs, TraceEventKind.RequestTaken, 0, 0, 1, 0);
        session.Collect();
        Assert.Equal((3 * 20) + (6 * 3), new RecordingCost(20, 3).Of(session.Streams));
    }

    private static ulong Detail(ulong request) => unchecked(request * 0x9E3779B97F4A7C15);

    private static void Write(TraceRecorder recorder, int i) =>
        recorder.Write(i * 10L, TraceEventKind.ReadGranted, 1, 4096, (ulong)i, Detail((ulong)i));

    private static ulong[] Requests(byte[] page, int count)
    {
        var requests = new ulong[count];
        for (int i = 0; i < count; i++) requests[i] = TracePacket.RecordsOf(page, count)[i].Request;
        return requests;
    }

    private sealed class CountingTime : TimeProvider
    {
        public int Readings { get; private set; }

        public override long TimestampFrequency => 1_000_000_000;

        public override long GetTimestamp() => 1000 * ++Readings;
    }

    private static (TraceRecorder Recorder, TraceReader Reader, byte[] Memory) Make(int packets)
    {
        byte[] memory = GC.AllocateArray<byte>((packets + 1) * TracePacket.SizeBytes, pinned: true);
        var pages = new SharedPages(Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0), memory.Length);
        return (new TraceRecorder(pages, 3, "test", TimeProvider.System), new TraceReader(pages, _uuid, 3), memory);
    }
}
