using System.Runtime.InteropServices;
using XenBlock.SharedMemory;

namespace XenBlock.Profiling;

/// <summary>What recording costs a thread on this computer.</summary>
/// <param name="ReadingNs">A reading of the clock, in nanoseconds.</param>
/// <param name="RecordNs">A record without that, in nanoseconds.</param>
public sealed record RecordingCost(double ReadingNs, double RecordNs)
{
    /// <summary>
    /// What a stamp costs where nobody measured, in nanoseconds, most of it the clock: `./x diagnose --cost` has it.
    /// </summary>
    public const double UsualStampNs = 36;

    private const int Rounds = 15;
    private const int RecordsPerRound = 500;

    /// <summary>
    /// Measures it, in less than a millisecond: the shortest of several rounds, as nothing has interrupted that one.
    /// </summary>
    /// <param name="time">The clock of the trace.</param>
    public static RecordingCost Measure(TimeProvider time)
    {
        byte[] memory = GC.AllocateArray<byte>(3 * TracePacket.SizeBytes, pinned: true);
        var pages = new SharedPages(Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0), memory.Length);
        var recorder = new TraceRecorder(pages, 0, "cost", time);
        double readingNs = double.MaxValue;
        double recordNs = double.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            long first = recorder.NowNs;
            for (int i = 0; i < RecordsPerRound; i++) _ = recorder.NowNs;
            long second = recorder.NowNs;
            for (int i = 0; i < RecordsPerRound; i++)
                recorder.Write(second, TraceEventKind.RequestTaken, 0, 0, (ulong)i, 0);
            long third = recorder.NowNs;
            readingNs = Math.Min(readingNs, (second - first) / (RecordsPerRound + 1.0));
            recordNs = Math.Min(recordNs, (double)(third - second) / RecordsPerRound);
        }

        GC.KeepAlive(memory);
        return new RecordingCost(readingNs, recordNs);
    }

    /// <summary>A stamp, in nanoseconds: a reading and a record.</summary>
    public double StampNs => ReadingNs + RecordNs;

    /// <summary>What it has taken of the threads of a trace, all together, in nanoseconds.</summary>
    /// <param name="streams">What they wrote. Records of one thread with the same time share a reading.</param>
    public double Of(IEnumerable<RecordedTrace> streams)
    {
        long records = 0;
        long readings = 0;
        foreach (RecordedTrace stream in streams)
        {
            long lastNs = -1;
            foreach (TraceRecord record in stream.Records)
            {
                records++;
                if (record.TimeNs != lastNs) readings++;
                lastNs = record.TimeNs;
            }
        }

        return (readings * ReadingNs) + (records * RecordNs);
    }
}
