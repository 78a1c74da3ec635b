using XenBlock.Hypervisor;
using XenBlock.Profiling;
using XenBlock.Protocol;

namespace XenBlock.Tracing;

/// <summary>One recorder of another domain, mapped read-only, and what was read of it so far.</summary>
internal sealed class TracedRecorder(
    DomainId domain, string clock, GrantMapping mapping, TraceReader reader, RecordedTrace stream)
{
    private int _old; // packets that were there at the last call of ForgetOld

    /// <summary>Whose it is.</summary>
    public DomainId Domain { get; } = domain;

    /// <summary>The name of the clock of its times.</summary>
    public string Clock { get; } = clock;

    /// <summary>Its pages.</summary>
    public GrantMapping Mapping { get; } = mapping;

    /// <summary>What was read.</summary>
    public RecordedTrace Stream { get; } = stream;

    /// <summary>Records that made no sense.</summary>
    public ulong Refused => reader.Refused;

    /// <summary>Forgets what was there at the last call, and keeps what has come since.</summary>
    public void ForgetOld()
    {
        Stream.Forget(_old);
        _old = Stream.Packets.Count;
    }

    /// <summary>Takes what is new.</summary>
    /// <param name="wholeOnly">True to leave a packet that is not full to a later call.</param>
    /// <returns>Packets.</returns>
    public int Collect(bool wholeOnly) => Stream.Take(reader, wholeOnly);
}
