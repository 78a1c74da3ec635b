using System.Buffers.Text;
using Microsoft.Win32.SafeHandles;

namespace XenBlock.Profiling;

/// <summary>
/// What of a trace only the traced process itself can know: what its threads get of the processors, and when its
/// runtime stops them. Nothing is watched before it is on for the first time.
/// </summary>
internal sealed class ProcessWatch(TimeProvider time)
{
    // Of the calling thread: nanoseconds on a processor, nanoseconds ready for one, and how often it was given one
    // (Documentation/scheduler/sched-stats.rst).
    private const string Schedule = "/proc/thread-self/schedstat";

    private volatile RuntimePauses? _pauses;
    private volatile bool _cannotRead;

    /// <summary>Whether it watches; for one caller at a time.</summary>
    public bool IsOn
    {
        get => _pauses is not null;
        set
        {
            if (value == IsOn) return;
            RuntimePauses? old = _pauses;
            _pauses = value ? new RuntimePauses(time) : null;
            old?.Dispose();
        }
    }

    /// <summary>What the calling thread has got since it began; false where the kernel does not count.</summary>
    public bool TryReadThread(out long runNs, out long waitNs)
    {
        runNs = waitNs = 0;
        if (_cannotRead) return false;
        try
        {
            using SafeFileHandle file = File.OpenHandle(
                Schedule, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            Span<byte> text = stackalloc byte[80];
            text = text[..RandomAccess.Read(file, text, 0)];
            if (Utf8Parser.TryParse(text, out runNs, out int length)
                && length < text.Length
                && Utf8Parser.TryParse(text[(length + 1)..], out waitNs, out _))
            {
                return runNs >= 0 && waitNs >= 0;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Nobody counts, or not for us: it is not asked again.
        }

        _cannotRead = true;
        return false;
    }

    /// <summary>Pauses that were told of since the last call with the same count; see there.</summary>
    public ReadOnlySpan<PauseInterval> PausesSince(ref long seen) =>
        _pauses is { } pauses ? pauses.Since(ref seen) : [];
}
