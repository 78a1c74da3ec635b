namespace XenBlock.Tracing;

/// <summary>Names the clock of this computer, CLOCK_MONOTONIC: two processes with one name have one clock.</summary>
internal static class HostClock
{
    private const string BootId = "/proc/sys/kernel/random/boot_id";

    /// <summary>
    /// The kernel's name for its own life (random(4)); where it does not say, a name that nobody else has.
    /// </summary>
    public static string Name()
    {
        try
        {
            return TraceKeys.ParseClock(File.ReadAllText(BootId).Trim()) ?? Unknown();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Unknown();
        }
    }

    private static string Unknown() => Guid.NewGuid().ToString("D");
}
