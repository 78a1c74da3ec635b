namespace XenBlock.Profiling.Views;

/// <summary>How many requests were under way from a moment on, until the next.</summary>
/// <param name="TimeNs">The moment, in nanoseconds of the trace's clock.</param>
/// <param name="Submitted">Submitted and not finished.</param>
/// <param name="OnRing">Published, and not answered.</param>
/// <param name="InStore">Asked of the store, and not answered by it.</param>
public sealed record InFlightMoment(long TimeNs, int Submitted, int OnRing, int InStore)
{
    // The borders of each count among a request's stamps.
    private static readonly (int From, int To)[] s_borders = [(0, RequestTrace.PhaseCount), (2, 10), (7, 8)];

    /// <summary>Every moment at which one of the three changed.</summary>
    /// <param name="requests">Complete ones, in any order.</param>
    public static IEnumerable<InFlightMoment> Of(IReadOnlyCollection<RequestTrace> requests)
    {
        var changes = new List<(long TimeNs, int Count, int By)>(requests.Count * 6);
        foreach (RequestTrace request in requests)
        {
            for (int count = 0; count < s_borders.Length; count++)
            {
                changes.Add((request.Stamps[s_borders[count].From], count, 1));
                changes.Add((request.Stamps[s_borders[count].To], count, -1));
            }
        }

        changes.Sort(static (one, other) => one.TimeNs.CompareTo(other.TimeNs));
        var now = new int[s_borders.Length];
        for (int i = 0; i < changes.Count; i++)
        {
            now[changes[i].Count] += changes[i].By;
            if (i + 1 == changes.Count || changes[i + 1].TimeNs != changes[i].TimeNs)
                yield return new InFlightMoment(changes[i].TimeNs, now[0], now[1], now[2]);
        }
    }
}
