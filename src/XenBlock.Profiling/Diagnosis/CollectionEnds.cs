using System.Diagnostics.CodeAnalysis;

namespace XenBlock.Profiling;

/// <summary>
/// The runtime's pauses by what it counts: an object that nobody holds is finalized after each collection, and then the
/// time of all pauses has grown by that collection's. The end is when the finalizer's thread got to it, a moment late.
/// </summary>
internal sealed class CollectionEnds : IDisposable
{
    private readonly TimeProvider _time;
    private readonly Action<PauseInterval> _add;
    private TimeSpan _paused = GC.GetTotalPauseDuration();
    private volatile bool _isOver;

    /// <summary>Watches from now on.</summary>
    public CollectionEnds(TimeProvider time, Action<PauseInterval> add)
    {
        _time = time;
        _add = add;
        _ = new Unheld(this);
    }

    /// <summary>Ends it with the next collection.</summary>
    public void Dispose() => _isOver = true;

    private void Collected()
    {
        TimeSpan paused = GC.GetTotalPauseDuration();
        long lengthNs = (paused - _paused).Ticks * 100;
        _paused = paused;
        if (lengthNs <= 0) return;
        long nowNs = TraceRecorder.NowOf(_time);
        _add(new PauseInterval(nowNs - lengthNs, nowNs));
    }

    // Each is of the youngest generation, which every collection collects.
    [SuppressMessage("Design", "MA0055", Justification = "when it runs is all that is wanted; it holds nothing")]
    private sealed class Unheld(CollectionEnds watch)
    {
        ~Unheld()
        {
            if (watch._isOver) return;
            watch.Collected();
            _ = new Unheld(watch);
        }
    }
}
