namespace XenBlock.Profiling;

/// <summary>
/// Writes requests as a trace that ui.perfetto.dev opens: for each disk the requests under way, one below the other,
/// with their phases inside, the backend's part of each on tracks of its own with an arrow to it, and how many were
/// under way. The fields are those of protos/perfetto/trace in Perfetto's repository.
/// </summary>
public static class PerfettoFile
{
    private const int PacketField = 1;
    private const int TimeField = 8;
    private const int SequenceField = 10;
    private const int EventField = 11;
    private const int TrackField = 60;
    private const ulong SliceBegin = 1;
    private const ulong SliceEnd = 2;
    private const ulong Counter = 4;

    // The backend's part of the way: taken (T5) to response published (T10).
    private const int ServedFrom = 5;
    private const int ServedTo = 10;

    private static readonly string[] _phaseNames = [.. Enum.GetNames<RequestPhase>()];

    /// <summary>Writes the file.</summary>
    /// <param name="path">Its name, by custom with the ending .pftrace.</param>
    /// <param name="requests">Complete ones.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string path, IReadOnlyCollection<RequestTrace> requests)
    {
        using FileStream file = File.Create(path);
        var writer = new Writer(file);
        foreach (var disk in requests.GroupBy(request => request.Disk, StringComparer.Ordinal))
            WriteDisk(writer, disk.Key, [.. disk.OrderBy(request => request.Stamps[0])]);
    }

    private static void WriteDisk(Writer writer, string disk, RequestTrace[] requests)
    {
        ulong root = writer.Track(disk, 0, isCounter: false);
        ulong inFlight = writer.Track("under way", root, isCounter: true);
        var front = new Lanes(writer, root, "request");
        var back = new Lanes(writer, root, "served");
        var flow = 0ul;
        foreach (RequestTrace request in requests)
        {
            flow++;
            ulong track = front.Take(request.Stamps[0], request.Stamps[RequestTrace.PhaseCount]);
            string name = $"{Word(request.Kind)} {request.LengthBytes} at {request.Sector}";
            writer.Slice(track, request.Stamps[0], request.Stamps[RequestTrace.PhaseCount], name, flow, request);
            ulong served = back.Take(request.Stamps[ServedFrom], request.Stamps[ServedTo]);
            writer.Slice(served, request.Stamps[ServedFrom], request.Stamps[ServedTo], name, flow, phases: null);
        }

        int now = 0;
        foreach ((long timeNs, int change) in requests.Select(request => (TimeNs: request.Stamps[0], Change: 1))
            .Concat(requests.Select(request => (TimeNs: request.Stamps[RequestTrace.PhaseCount], Change: -1)))
            .OrderBy(one => one.TimeNs))
        {
            now += change;
            writer.Count(inFlight, timeNs, now);
        }
    }

    private static string Word(TraceEventKind kind) => kind switch
    {
        TraceEventKind.ReadGranted => "read",
        TraceEventKind.FlushGranted => "flush",
        TraceEventKind.DiscardGranted => "discard",
        _ => "write",
    };

    // Tracks on which slices do not overlap, as the format wants: the first that is free is taken.
    private sealed class Lanes(Writer writer, ulong parent, string name)
    {
        private readonly List<(ulong Track, long FreeAt)> _lanes = [];

        public ulong Take(long from, long to)
        {
            int lane = _lanes.FindIndex(one => one.FreeAt <= from);
            if (lane < 0)
            {
                lane = _lanes.Count;
                _lanes.Add((writer.Track($"{name} {lane}", parent, isCounter: false), 0));
            }

            _lanes[lane] = (_lanes[lane].Track, to);
            return _lanes[lane].Track;
        }
    }

    private sealed class Writer(Stream file)
    {
        private readonly ProtocolBuffer _trace = new();
        private readonly ProtocolBuffer _packet = new();
        private readonly ProtocolBuffer _body = new();
        private ulong _tracks;

        public ulong Track(string name, ulong parent, bool isCounter)
        {
            ulong track = ++_tracks;
            _body.Clear();
            _body.Number(1, track).Text(2, name);
            if (parent != 0) _body.Number(5, parent);
            if (isCounter) _body.Message(8, new ProtocolBuffer());
            _packet.Clear();
            _packet.Number(SequenceField, 1).Message(TrackField, _body);
            Put();
            return track;
        }

        public void Slice(ulong track, long from, long to, string name, ulong flow, RequestTrace? phases)
        {
            Event(from, SliceBegin, track, name, flow);
            for (int i = 0; phases is not null && i < _phaseNames.Length; i++)
            {
                (long begin, long end) = (phases.Stamps[i], phases.Stamps[i + 1]);
                if (begin == end) continue;
                Event(begin, SliceBegin, track, _phaseNames[i], flow: 0);
                Event(end, SliceEnd, track, name: null, flow: 0);
            }

            Event(to, SliceEnd, track, name: null, flow: 0);
        }

        public void Count(ulong track, long timeNs, int value)
        {
            _body.Clear();
            _body.Number(9, Counter).Number(11, track).Number(30, (ulong)value);
            PutEvent(timeNs);
        }

        private void Event(long timeNs, ulong type, ulong track, string? name, ulong flow)
        {
            _body.Clear();
            _body.Number(9, type).Number(11, track);
            if (name is not null) _body.Text(23, name);
            if (flow != 0) _body.Fixed64(47, flow);
            PutEvent(timeNs);
        }

        private void PutEvent(long timeNs)
        {
            _packet.Clear();
            _packet.Number(TimeField, (ulong)timeNs).Number(SequenceField, 1).Message(EventField, _body);
            Put();
        }

        private void Put()
        {
            _trace.Clear();
            _trace.Message(PacketField, _packet);
            file.Write(_trace.Span);
        }
    }
}
