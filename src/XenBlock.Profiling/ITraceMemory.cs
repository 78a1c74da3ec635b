using XenBlock.SharedMemory;

namespace XenBlock.Profiling;

/// <summary>
/// Gives recorders memory that somebody else may read; without one a session takes memory of its own.
/// </summary>
public interface ITraceMemory
{
    /// <summary>
    /// Zeroed memory for a recorder: a page of control and at least two of packets. Called while an end connects, never
    /// by a pump. It has to stay as long as the recorder is written to.
    /// </summary>
    /// <param name="stream">The recorder's number, and what it records.</param>
    /// <param name="pages">The memory.</param>
    /// <returns>False if there is none left: then the recorder's pages are the process's own.</returns>
    bool TryTake(RecordedTrace stream, out SharedPages pages);

    /// <summary>A later connection of the same recorder has a disk that is set up differently.</summary>
    /// <param name="stream">The recorder's, with its new knobs.</param>
    void Changed(RecordedTrace stream);
}
