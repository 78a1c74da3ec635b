namespace XenBlock.Profiling;

/// <summary>
/// Writes packets of a Perfetto trace: tracks, slices, instants and counters. The fields are those of
/// protos/perfetto/trace in Perfetto's repository.
/// </summary>
internal sealed class PerfettoWriter(Stream file)
{
    private const int PacketField = 1;
    private const int TimeField = 8;
    private const int SequenceField = 10;
    private const int EventField = 11;
    private const int TrackField = 60;
    private const ulong SliceBegin = 1;
    private const ulong SliceEnd = 2;
    private const ulong InstantEvent = 3;
    private const ulong Counter = 4;

    private static readonly string[] _phaseNames = [.. Enum.GetNames<RequestPhase>()];

    private readonly ProtocolBuffer _trace = new();
    private readonly ProtocolBuffer _packet = new();
    private readonly ProtocolBuffer _body = new();
    private ulong _tracks;

    /// <summary>A track, below another one or at the top.</summary>
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

    /// <summary>A slice with nothing inside; slices of a track must not overlap.</summary>
    public void Slice(ulong track, long from, long to, string name) =>
        Slice(track, from, to, name, flow: 0, phases: null);

    /// <summary>A request's slice, with its phases inside or without, and with an arrow or without.</summary>
    public void Slice(ulong track, long from, long to, string name, ulong flow, RequestTrace? phases)
    {
        Event(from, SliceBegin, track, name, flow);
        for (int i = 0; phases is not null && i < _phaseNames.Length; i++)
        {
            (long begin, long end) = (phases.Stamps[i], phases.Stamps[i + 1]);
            if (begin == end) continue;
            bool isElsewhere = phases.Part == TracedPart.Frontend && i == (int)RequestPhase.CompletionWake;
            Event(begin, SliceBegin, track, isElsewhere ? "Elsewhere" : _phaseNames[i], flow: 0);
            Event(end, SliceEnd, track, name: null, flow: 0);
        }

        Event(to, SliceEnd, track, name: null, flow: 0);
    }

    /// <summary>Something that happens at once.</summary>
    public void Instant(ulong track, long timeNs, string name) => Event(timeNs, InstantEvent, track, name, flow: 0);

    /// <summary>A counter's value from now on.</summary>
    public void Count(ulong track, long timeNs, long value)
    {
        _body.Clear();
        _body.Number(9, Counter).Number(11, track).Number(30, unchecked((ulong)value));
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
