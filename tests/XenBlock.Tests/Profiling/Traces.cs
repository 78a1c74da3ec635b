using XenBlock.Profiling;

namespace XenBlock.Tests.Profiling;

/// <summary>Requests and traces made by hand, of which everything is known.</summary>
internal static class Traces
{
    /// <summary>A request whose phases take what is said, in nanoseconds; those that are not named take none.</summary>
    public static RequestTrace Request(
        ulong id,
        long startNs,
        ulong sector = 0,
        uint lengthBytes = 4096,
        TraceEventKind kind = TraceEventKind.ReadGranted,
        params (RequestPhase Phase, long Ns)[] phases)
    {
        RequestStamps stamps = default;
        stamps[0] = startNs;
        for (int i = 0; i < RequestTrace.PhaseCount; i++)
        {
            long ns = phases.Where(one => one.Phase == (RequestPhase)i).Sum(one => one.Ns);
            stamps[i + 1] = stamps[i] + ns;
        }

        return new RequestTrace
        {
            Id = id,
            Kind = kind,
            Sector = sector,
            LengthBytes = lengthBytes,
            Stamps = stamps,
        };
    }

    /// <summary>A stream with records that are as said, at one nanosecond after another.</summary>
    public static IReadOnlyList<RecordedTrace> Stream(
        TraceSide side, params (TraceEventKind Kind, uint Amount, ulong Request)[] records)
    {
        var session = new TraceSession(TimeProvider.System, 64);
        TraceRecorder recorder = session.Recorder("made by hand", side, "1/xvda", 0);
        long timeNs = 1;
        foreach ((TraceEventKind kind, uint amount, ulong request) in records)
            recorder.Write(timeNs++, kind, 0, amount, request, 0);
        session.Collect();
        return session.Streams;
    }
}
