using XenBlock.SharedMemory;

namespace XenBlock.Storage;

/// <summary>Operations under way in a store, for one thread.</summary>
public interface IStorePipeline : IDisposable
{
    /// <summary>
    /// Starts an operation. It is finished when <see cref="Reap"/> returns its token, exactly once; until then the
    /// segments' memory stays valid, but the span itself is not kept.
    /// </summary>
    /// <param name="kind">What to do.</param>
    /// <param name="token">The caller's mark.</param>
    /// <param name="offsetBytes">Where, in bytes.</param>
    /// <param name="lengthBytes">How much, in bytes: the sum of the segments, or the range to discard.</param>
    /// <param name="segments">The memory; empty for flush and discard.</param>
    void Submit(
        StoreOperationKind kind, int token, long offsetBytes, long lengthBytes, ReadOnlySpan<PayloadSegment> segments);

    /// <summary>Takes what has finished, at most as many as fit; never blocks.</summary>
    int Reap(Span<StoreCompletion> completions);

    /// <summary>
    /// How long until <see cref="Reap"/> may find something: zero if now, <see cref="Timeout.InfiniteTimeSpan"/> if
    /// nothing is under way.
    /// </summary>
    TimeSpan NextCompletionDelay { get; }
}
