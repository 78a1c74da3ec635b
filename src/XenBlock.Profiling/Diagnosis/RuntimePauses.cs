namespace XenBlock.Profiling;

/// <summary>
/// Watches the runtime of this process for the times in which it stops all threads, mostly for garbage collections: by
/// its events, or in a program without event sources, as one by NativeAOT, by what it counts after each collection.
/// </summary>
public sealed class RuntimePauses : IDisposable
{
    // Whoever asks less often than that many pauses come is told of the latest.
    private const int KeptMax = 1024;

    private readonly Lock _gate = new();
    private readonly PauseInterval[] _kept = new PauseInterval[KeptMax];
    private readonly IDisposable _source;
    private long _count;
    private long _taken;

    /// <summary>Watches from now on.</summary>
    /// <param name="time">The trace's clock.</param>
    public RuntimePauses(TimeProvider time)
        : this(time, HasEvents)
    {
    }

    /// <summary>Watches in one of the two ways.</summary>
    internal RuntimePauses(TimeProvider time, bool byEvents) =>
        _source = byEvents ? CollectorEvents.WatchBy(time, Add) : new CollectionEnds(time, Add);

    private static bool HasEvents =>
        !AppContext.TryGetSwitch("System.Diagnostics.Tracing.EventSource.IsSupported", out bool isOn) || isOn;

    /// <summary>The pauses that were told of since the last call; the runtime tells of them a moment later.</summary>
    public IReadOnlyList<PauseInterval> Take()
    {
        lock (_gate) return [.. Newer(ref _taken)];
    }

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();

    /// <summary>
    /// The pauses that this caller has not seen; none if another one is being told of at this moment, so that a pump
    /// waits for nobody.
    /// </summary>
    /// <param name="seen">How many it has seen; 0 at first, and goes on.</param>
    internal ReadOnlySpan<PauseInterval> Since(ref long seen)
    {
        if (!_gate.TryEnter()) return [];
        try
        {
            return Newer(ref seen);
        }
        finally
        {
            _gate.Exit();
        }
    }

    private PauseInterval[] Newer(ref long seen)
    {
        if (seen > _count) seen = 0; // of a watch before this one
        long first = Math.Max(seen, _count - KeptMax);
        seen = _count;
        if (first == _count) return [];
        var newer = new PauseInterval[_count - first];
        for (int i = 0; i < newer.Length; i++) newer[i] = _kept[(first + i) % KeptMax];
        return newer;
    }

    private void Add(PauseInterval pause)
    {
        lock (_gate) _kept[_count++ % KeptMax] = pause;
    }
}
