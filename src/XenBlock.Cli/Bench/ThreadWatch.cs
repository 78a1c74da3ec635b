using System.Diagnostics;
using XenBlock.Native;
using XenBlock.Profiling;

namespace XenBlock.Cli.Bench;

/// <summary>
/// What the calling thread, which is the frontend's, and the busiest other one, which serves it, get of the processors
/// from one moment to another.
/// </summary>
internal sealed class ThreadWatch
{
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly int _own = ThreadSchedule.Current?.Id ?? 0;
    private readonly Dictionary<int, ThreadSchedule> _before =
        ThreadSchedule.OfProcess().ToDictionary(thread => thread.Id);

    /// <summary>The shares since this was made; null where the kernel does not count.</summary>
    public (ThreadShare? Frontend, ThreadShare? Backend) End()
    {
        double lastedNs = Stopwatch.GetElapsedTime(_began).TotalNanoseconds;
        ThreadShare? own = null;
        ThreadShare? busiest = null;
        foreach (ThreadSchedule thread in ThreadSchedule.OfProcess())
        {
            if (!_before.TryGetValue(thread.Id, out ThreadSchedule? before)) continue;
            ThreadShare share = new(
                (thread.RunNs - before.RunNs) / lastedNs, (thread.WaitNs - before.WaitNs) / lastedNs);
            if (thread.Id == _own) own = share;
            else if (!IsRuntimes(thread) && share.Wanted >= (busiest?.Wanted ?? 0)) busiest = share;
        }

        return (own, busiest);
    }

    // The runtime's own threads compile and collect; they serve nobody.
    private static bool IsRuntimes(ThreadSchedule thread) => thread.Name.StartsWith(".NET", StringComparison.Ordinal);
}
