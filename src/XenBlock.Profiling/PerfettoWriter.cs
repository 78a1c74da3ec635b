using System.IO.Compression;

namespace XenBlock.Profiling;

/// <summary>
/// Writes packets of a Perfetto trace: tracks, slices, instants and counters. The fields are those of
/// protos/perfetto/trace in Perfetto's repository.
/// </summary>
/// <remarks>
/// So that it stays small, each track is a packet sequence of its own: its times are differences (a clock that is
/// incremental), its events name their track by default, and a name is written once and referred to by number
/// (interned_data). The packets are deflated in lots (compressed_packets). Where a track's time goes back, since what
/// it shows was written in two passes, it goes on in a new sequence.
/// </remarks>
internal sealed class PerfettoWriter : IDisposable
{
    private const int PacketField = 1;

    // Of TracePacket.
    private const int SnapshotField = 6;
    private const int TimeField = 8;
    private const int SequenceField = 10;
    private const int EventField = 11;
    private const int InternedField = 12;
    private const int FlagsField = 13;
    private const int CompressedField = 50;
    private const int TimeClockField = 58;
    private const int DefaultsField = 59;
    private const int TrackField = 60;

    private const ulong StateCleared = 1;
    private const ulong NeedsState = 2;

    // Of TrackEvent.
    private const ulong SliceBegin = 1;
    private const ulong SliceEnd = 2;
    private const ulong InstantEvent = 3;
    private const ulong Counter = 4;

    // The trace's own clock, and the first number that a sequence may give to a clock of its own.
    private const ulong TraceClock = 6;
    private const ulong OwnClock = 64;
    private const uint DescriptorSequence = 1;
    private const ulong SectorName = 1;
    private const int LotBytes = 1 << 20;

    private static readonly string[] _phaseNames = [.. Enum.GetNames<RequestPhase>()];

    private readonly Stream _file;
    private readonly long _originNs;
    private readonly ProtocolBuffer _lot = new();
    private readonly ProtocolBuffer _packet = new();
    private readonly ProtocolBuffer _body = new();
    private readonly ProtocolBuffer _part = new();
    private readonly ProtocolBuffer _piece = new();
    private readonly Dictionary<ulong, Sequence> _sequences = [];
    private ulong _tracks;
    private uint _sequenceCount = DescriptorSequence;

    /// <summary>A trace without packets.</summary>
    /// <param name="file">Where to write; stays open.</param>
    /// <param name="originNs">No event is before this, in nanoseconds of the clock.</param>
    public PerfettoWriter(Stream file, long originNs)
    {
        _file = file;
        _originNs = originNs;
    }

    /// <summary>A track, below another one or at the top.</summary>
    public ulong Track(string name, ulong parent, bool isCounter)
    {
        ulong track = ++_tracks;
        _body.Clear();
        _body.Number(1, track).Text(2, name);
        if (parent != 0) _body.Number(5, parent);
        if (isCounter) _body.Message(8, new ProtocolBuffer());
        _packet.Clear();
        _packet.Number(SequenceField, DescriptorSequence).Message(TrackField, _body);
        Put();
        return track;
    }

    /// <summary>A slice with nothing inside; slices of a track must not overlap.</summary>
    public void Slice(ulong track, long from, long to, string name)
    {
        Event(track, from, SliceBegin, name);
        Event(track, to, SliceEnd, name: null);
    }

    /// <summary>A request's slice, with its phases inside or without, and an arrow by the number of its flow.</summary>
    public void Slice(ulong track, long from, long to, RequestTrace request, ulong flow, bool hasPhases)
    {
        Event(track, from, SliceBegin, $"{request.Operation} {request.LengthBytes}", flow, request.Sector);
        for (int i = 0; hasPhases && i < _phaseNames.Length; i++)
        {
            (long begin, long end) = (request.Stamps[i], request.Stamps[i + 1]);
            if (begin == end) continue;
            bool isElsewhere = request.Part == TracedPart.Frontend && i == (int)RequestPhase.CompletionWake;
            Event(track, begin, SliceBegin, isElsewhere ? "Elsewhere" : _phaseNames[i]);
            Event(track, end, SliceEnd, name: null);
        }

        Event(track, to, SliceEnd, name: null);
    }

    /// <summary>Something that happens at once.</summary>
    public void Instant(ulong track, long timeNs, string name) => Event(track, timeNs, InstantEvent, name);

    /// <summary>A counter's value from now on.</summary>
    public void Count(ulong track, long timeNs, long value)
    {
        Sequence sequence = At(track, timeNs);
        _body.Clear();
        _body.Number(9, Counter).Number(30, unchecked((ulong)value));
        PutEvent(sequence, timeNs, name: null);
    }

    /// <summary>Writes what is left.</summary>
    public void Dispose() => PutLot();

    private void Event(ulong track, long timeNs, ulong type, string? name, ulong flow = 0, ulong? sector = null)
    {
        Sequence sequence = At(track, timeNs);
        string? added = null;
        _body.Clear();
        _body.Number(9, type);
        if (name is not null)
        {
            if (!sequence.Names.TryGetValue(name, out ulong number))
            {
                added = name;
                sequence.Names[name] = number = (ulong)sequence.Names.Count + 1;
            }

            _body.Number(10, number);
        }

        if (sector is { } at)
        {
            _part.Clear();
            _part.Number(1, SectorName).Number(3, at);
            _body.Message(4, _part);
        }

        if (flow != 0) _body.Fixed64(47, flow);
        PutEvent(sequence, timeNs, added);
    }

    // The sequence that a track's next event belongs to.
    private Sequence At(ulong track, long timeNs)
    {
        if (_sequences.TryGetValue(track, out Sequence? sequence) && timeNs >= sequence.LastNs) return sequence;
        _sequences[track] = sequence = new Sequence(++_sequenceCount, _originNs);

        // What the sequence takes for granted: the track, and that times are differences from the one before.
        _piece.Clear();
        _piece.Number(11, track);
        _part.Clear();
        _part.Message(11, _piece).Number(TimeClockField, OwnClock);
        _packet.Clear();
        _packet.Number(TimeField, (ulong)_originNs).Number(TimeClockField, TraceClock)
            .Number(SequenceField, sequence.Number).Number(FlagsField, StateCleared).Message(DefaultsField, _part);
        _part.Clear();
        _piece.Clear();
        _part.Message(1, _piece.Number(1, TraceClock).Number(2, (ulong)_originNs));
        _piece.Clear();
        _part.Message(1, _piece.Number(1, OwnClock).Number(2, (ulong)_originNs).Number(3, 1));
        _packet.Message(SnapshotField, _part);
        _part.Clear();
        _piece.Clear();
        _part.Message(3, _piece.Number(1, SectorName).Text(2, "sector"));
        _packet.Message(InternedField, _part);
        Put();
        return sequence;
    }

    private void PutEvent(Sequence sequence, long timeNs, string? name)
    {
        long delta = Math.Max(0, timeNs - sequence.LastNs);
        sequence.LastNs += delta;
        _packet.Clear();
        _packet.Number(TimeField, (ulong)delta).Number(SequenceField, sequence.Number).Number(FlagsField, NeedsState);
        if (name is not null)
        {
            _piece.Clear();
            _part.Clear();
            _part.Message(2, _piece.Number(1, sequence.Names[name]).Text(2, name));
            _packet.Message(InternedField, _part);
        }

        _packet.Message(EventField, _body);
        Put();
    }

    private void Put()
    {
        _lot.Message(PacketField, _packet);
        if (_lot.Length >= LotBytes) PutLot();
    }

    // A lot is a trace of its own, deflated as zlib does.
    private void PutLot()
    {
        if (_lot.Length == 0) return;
        using var deflated = new MemoryStream();
        using (var zlib = new ZLibStream(deflated, CompressionLevel.Optimal, leaveOpen: true)) zlib.Write(_lot.Span);
        _packet.Clear();
        _packet.Bytes(CompressedField, deflated.GetBuffer().AsSpan(0, (int)deflated.Length));
        _lot.Clear();
        _lot.Message(PacketField, _packet);
        _file.Write(_lot.Span);
        _lot.Clear();
    }

    private sealed class Sequence(uint number, long lastNs)
    {
        public uint Number { get; } = number;

        public long LastNs { get; set; } = lastNs;

        public Dictionary<string, ulong> Names { get; } = new(StringComparer.Ordinal);
    }
}
