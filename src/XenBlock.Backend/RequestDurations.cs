using System.Diagnostics;
using XenBlock.Protocol;

namespace XenBlock.Backend;

/// <summary>
/// How long a disk's requests take, for whoever listens to <see cref="BackendMetrics"/>; while nobody does, a
/// comparison a request. The clock is here, not in the pump.
/// </summary>
internal sealed class RequestDurations(TimeProvider time, ServedDisk disk)
{
    private readonly TagList[] _attributes = [.. Enumerable
        .Range(0, (int)BlkifOperation.Indirect)
        .Select(operation => new TagList(
            BackendMetrics.Disks.Attributes(disk, ("operation", NameOf((BlkifOperation)operation)))))];

    /// <summary>True if somebody listens.</summary>
    public static bool IsOn => BackendMetrics.RequestDuration.Enabled;

    /// <summary>Ticks of the clock, never 0.</summary>
    public long Now() => Math.Max(1, time.GetTimestamp());

    /// <summary>Records a request that is answered now; not one that was taken while nobody listened.</summary>
    public void Record(PendingRequest request, long now)
    {
        if (request.TakenTicks == 0 || (int)request.Operation >= _attributes.Length) return;
        TimeSpan duration = time.GetElapsedTime(request.TakenTicks, now);
        BackendMetrics.RequestDuration.Record(duration.TotalSeconds, in _attributes[(int)request.Operation]);
    }

    private static string NameOf(BlkifOperation operation) => operation switch
    {
        BlkifOperation.Read => "read",
        BlkifOperation.Write => "write",
        BlkifOperation.WriteBarrier => "barrier",
        BlkifOperation.FlushDiskCache => "flush",
        BlkifOperation.Discard => "discard",
        _ => "other",
    };
}
