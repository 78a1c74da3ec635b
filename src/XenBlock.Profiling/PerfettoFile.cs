namespace XenBlock.Profiling;

/// <summary>
/// Writes requests as a trace that ui.perfetto.dev opens: for each disk the requests under way, one below the other,
/// with their phases inside, the backend's part of each on tracks of its own with an arrow to it, and how many were
/// under way.
/// </summary>
public static class PerfettoFile
{
    // The backend's part of the way: taken (T5) to response published (T10).
    private const int ServedFrom = 5;
    private const int ServedTo = 10;

    /// <summary>Writes the file.</summary>
    /// <param name="path">Its name, by custom with the ending .pftrace.</param>
    /// <param name="requests">Complete ones.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string path, IReadOnlyCollection<RequestTrace> requests)
    {
        using FileStream file = File.Create(path);
        long originNs = requests.Count == 0 ? 0 : requests.Min(request => request.Stamps[0]);
        using var writer = new PerfettoWriter(file, originNs);
        foreach (var disk in requests.GroupBy(request => request.Disk, StringComparer.Ordinal))
            WriteDisk(writer, disk.Key, [.. disk.OrderBy(request => request.Stamps[0])]);
    }

    private static void WriteDisk(PerfettoWriter writer, string disk, RequestTrace[] requests)
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
            writer.Slice(
                track, request.Stamps[0], request.Stamps[RequestTrace.PhaseCount], request, flow, hasPhases: true);
            ulong served = back.Take(request.Stamps[ServedFrom], request.Stamps[ServedTo]);
            writer.Slice(
                served, request.Stamps[ServedFrom], request.Stamps[ServedTo], request, flow, hasPhases: false);
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

    // Tracks on which slices do not overlap, as the format wants: the first that is free is taken.
    private sealed class Lanes(PerfettoWriter writer, ulong parent, string name)
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
}
