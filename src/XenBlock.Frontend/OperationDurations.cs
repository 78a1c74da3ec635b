using System.Diagnostics;

namespace XenBlock.Frontend;

/// <summary>
/// How long a device's operations take, for whoever listens to <see cref="FrontendMetrics"/>; while nobody does, a
/// comparison an operation. The clock is here, not in the pump.
/// </summary>
internal sealed class OperationDurations(TimeProvider time, BlockDevice device)
{
    private readonly TagList[] _attributes = [.. Enum.GetValues<BlockOperation>().Select(
        operation => new TagList(
            FrontendMetrics.Devices.Attributes(device, ("operation", FrontendMetrics.NameOf(operation)))))];

    /// <summary>True if somebody listens.</summary>
    public static bool IsOn => FrontendMetrics.OperationDuration.Enabled;

    /// <summary>Ticks of the clock, never 0.</summary>
    public long Now() => Math.Max(1, time.GetTimestamp());

    /// <summary>Records an operation that ends now.</summary>
    public void Record(FrontendOperation operation)
    {
        TimeSpan duration = time.GetElapsedTime(operation.SubmittedTicks);
        FrontendMetrics.OperationDuration.Record(duration.TotalSeconds, in _attributes[(int)operation.Kind]);
    }
}
