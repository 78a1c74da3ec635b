namespace XenBlock.Profiling;

/// <summary>
/// How far a backend's clock is ahead of the frontend's, estimated from the exchange itself: a request is published
/// before it is taken, and answered before it is finished, so each says that the offset lies between two bounds. The
/// estimate is a line that keeps within the bounds of all, as clocks also drift.
/// </summary>
/// <param name="OffsetNs">Backend's time less frontend's, in nanoseconds, at <paramref name="AtNs"/>.</param>
/// <param name="Drift">By how much that grows, in seconds a second.</param>
/// <param name="AtNs">The middle of the exchange by the frontend's clock.</param>
/// <param name="ErrorNs">The offset is right within this, in nanoseconds; 0 for one clock.</param>
/// <param name="RequestCount">Requests that it was estimated from.</param>
public sealed record ClockOffset(long OffsetNs, double Drift, long AtNs, long ErrorNs, int RequestCount)
{
    /// <summary>The fastest drift that two clocks of computers can have, as Linux adjusts them: 500 ppm each.</summary>
    public const double DriftMax = 1e-3;

    // Fewer say too little; more points of a hull than this say nothing new.
    private const int RequestsMin = 8;
    private const int HullMax = 512;

    // Bounds further apart than this (a day) are no bounds: differences of times stay exact in a double.
    private const double SpanMaxNs = 8.64e13;

    /// <summary>Both ends have one clock: the same host.</summary>
    public static ClockOffset Same { get; } = new(0, 0, 0, 0, 0);

    /// <summary>A time of the backend's clock by the frontend's.</summary>
    /// <param name="backendNs">Nanoseconds.</param>
    public long ToFrontend(long backendNs)
    {
        long plain = unchecked(backendNs - OffsetNs);
        if (Drift == 0) return plain;
        double since = Math.Clamp(plain - (double)AtNs, -SpanMaxNs, SpanMaxNs);
        return plain - (long)(since * Drift / (1 + Drift));
    }

    /// <summary>Estimates it from what both ends recorded of one disk.</summary>
    /// <param name="streams">The disk's streams, each by its own end's clock.</param>
    /// <param name="problem">If null is returned: why it cannot be said.</param>
    public static ClockOffset? Estimate(IReadOnlyList<RecordedTrace> streams, out string problem)
    {
        var bounds = new List<ClockBound>();
        foreach (var queue in streams.GroupBy(stream => stream.Queue))
        {
            Dictionary<ulong, RequestHalf> front = Once(RequestHalf.OfFrontend(RecordsOf(queue, TraceSide.Frontend)));
            Dictionary<ulong, RequestHalf> back = Once(RequestHalf.OfBackend(RecordsOf(queue, TraceSide.Backend)));
            foreach ((ulong id, RequestHalf one) in front)
            {
                if (!one.IsComplete || !back.TryGetValue(id, out RequestHalf? other) || !other.IsComplete) continue;
                bounds.Add(new ClockBound(one.Published, one.Finished, other.Taken, other.Published));
            }
        }

        return Estimate(bounds, out problem);
    }

    /// <summary>Estimates it from bounds.</summary>
    /// <param name="bounds">One a request, in any order.</param>
    /// <param name="problem">If null is returned: why it cannot be said.</param>
    public static ClockOffset? Estimate(IReadOnlyList<ClockBound> bounds, out string problem)
    {
        if (bounds.Count < RequestsMin)
        {
            problem = $"only {bounds.Count} requests were seen whole at both ends; {RequestsMin} are needed";
            return null;
        }

        // Relative to the first, so that nanoseconds since boot become numbers that a double holds exactly.
        long base0 = bounds[0].LeastNs;
        long at0 = bounds[0].PublishedNs;
        problem = "the bounds of its requests contradict each other: a clock was set meanwhile, or one end's stamps "
            + "are wrong";
        var lower = new List<(double X, double Y)>(bounds.Count);
        var upper = new List<(double X, double Y)>(bounds.Count);
        foreach (ClockBound bound in bounds)
        {
            (double X, double Y) least = (unchecked(bound.FinishedNs - at0), unchecked(bound.LeastNs - base0));
            (double X, double Y) most = (unchecked(bound.PublishedNs - at0), unchecked(bound.MostNs - base0));
            if (!IsNear(least) || !IsNear(most) || bound.FinishedNs < bound.PublishedNs) return null;
            lower.Add(least);
            upper.Add(most);
        }

        List<(double X, double Y)> floor = Hull(lower, isUpper: true);
        List<(double X, double Y)> roof = Hull(upper, isUpper: false);
        if (FindDrift(floor, roof) is not (var least0, var most0)) return null;
        double drift = least0 <= 0 && most0 >= 0 ? 0 : (least0 + most0) / 2;
        double low = floor.Max(point => point.Y - (drift * point.X));
        double high = roof.Min(point => point.Y - (drift * point.X));
        double first = upper.Min(point => point.X);
        double middle = (first + lower.Max(point => point.X)) / 2;
        double error = (Math.Max(high - low, 0) / 2) + ((most0 - least0) / 2 * (middle - first));
        problem = "";
        return new ClockOffset(
            unchecked(base0 + (long)(((low + high) / 2) + (drift * middle))),
            drift,
            unchecked(at0 + (long)middle),
            (long)Math.Ceiling(error),
            bounds.Count);
    }

    // The slopes of lines that are on or above every point of the floor, and on or below every one of the roof: there
    // is such a line exactly if every two points leave room for one. A nanosecond is for rounding.
    private static (double Least, double Most)? FindDrift(
        List<(double X, double Y)> floor, List<(double X, double Y)> roof)
    {
        double least = -DriftMax;
        double most = DriftMax;
        foreach ((double floorX, double floorY) in floor)
        {
            foreach ((double roofX, double roofY) in roof)
            {
                double room = roofY - floorY + 1;
                if (roofX > floorX) most = Math.Min(most, room / (roofX - floorX));
                else if (roofX < floorX) least = Math.Max(least, room / (roofX - floorX));
                else if (room < 0) return null;
            }
        }

        return least <= most ? (least, most) : null;
    }

    // The convex hull's upper or lower half: no line is kept off by any other point.
    private static List<(double X, double Y)> Hull(List<(double X, double Y)> points, bool isUpper)
    {
        double sign = isUpper ? 1 : -1;
        points.Sort();
        var hull = new List<(double X, double Y)>();
        foreach ((double X, double Y) point in points)
        {
            while (hull.Count >= 2)
            {
                ((double X, double Y) one, (double X, double Y) two) = (hull[^2], hull[^1]);
                double turn = ((two.X - one.X) * (point.Y - one.Y)) - ((two.Y - one.Y) * (point.X - one.X));
                if (turn * sign < 0) break;
                hull.RemoveAt(hull.Count - 1);
            }

            hull.Add(point);
        }

        int step = (hull.Count / HullMax) + 1; // a hull that long was made up: fewer bounds are bounds still
        return step == 1 ? hull : [.. hull.Where((_, index) => index % step == 0)];
    }

    private static Dictionary<ulong, RequestHalf> Once(List<RequestHalf> halves) => halves
        .GroupBy(half => half.Id)
        .Where(sameId => sameId.Take(2).Count() == 1)
        .ToDictionary(sameId => sameId.Key, sameId => sameId.First());

    private static IEnumerable<TraceRecord> RecordsOf(IEnumerable<RecordedTrace> streams, TraceSide side) =>
        streams.Where(stream => stream.Side == side).SelectMany(stream => stream.Records);

    private static bool IsNear((double X, double Y) point) =>
        Math.Abs(point.X) < SpanMaxNs && Math.Abs(point.Y) < SpanMaxNs;
}
