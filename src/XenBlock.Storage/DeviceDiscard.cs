using System.Globalization;

namespace XenBlock.Storage;

/// <summary>
/// What a block device says of discards, in /sys (Linux Documentation/ABI/stable/sysfs-block: discard_max_bytes, which
/// is 0 for one that cannot, and discard_granularity).
/// </summary>
/// <param name="IsSupported">False if the device says that it cannot.</param>
/// <param name="GranularityBytes">The unit of discards; 0 if it does not say.</param>
internal readonly record struct DeviceDiscard(bool IsSupported, int GranularityBytes)
{
    private const string ClassDirectory = "/sys/class/block";

    /// <summary>Asks a device. One that says nothing is taken to be able: it will answer for itself.</summary>
    /// <param name="path">The device, or a link to it.</param>
    public static DeviceDiscard Of(string path)
    {
        try
        {
            string device = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
            string entry = Path.Combine(ClassDirectory, Path.GetFileName(device));
            return OfQueue(entry);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new DeviceDiscard(IsSupported: true, 0);
        }
    }

    /// <summary>Reads a device's directory of /sys, or for a partition the one of its disk.</summary>
    /// <param name="entry">As /sys/class/block/sda1.</param>
    internal static DeviceDiscard OfQueue(string entry)
    {
        string directory = File.ResolveLinkTarget(entry, returnFinalTarget: true)?.FullName ?? entry;
        string queue = Path.Combine(directory, "queue");
        if (!Directory.Exists(queue)) queue = Path.Combine(Path.GetDirectoryName(directory) ?? directory, "queue");
        long most = Read(Path.Combine(queue, "discard_max_bytes"));
        long granularity = Read(Path.Combine(queue, "discard_granularity"));
        return new DeviceDiscard(most != 0, granularity is > 0 and <= 1 << 30 ? (int)granularity : 0);
    }

    // -1 if it is not there.
    private static long Read(string path) =>
        File.Exists(path)
        && long.TryParse(File.ReadAllText(path).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            ? value
            : -1;
}
