using System.Globalization;
using XenBlock.Native;

namespace XenBlock.Appliance;

/// <summary>When what happened, in milliseconds since the kernel began.</summary>
internal sealed record Timeline
{
    /// <summary>The kernel started us, by its own log; null if its log does not say.</summary>
    public double? KernelRanInit { get; set; }

    /// <summary>The first line of ours, after the runtime's start.</summary>
    public double InitStarted { get; set; }

    /// <summary>File systems are mounted and modules loaded.</summary>
    public double ModulesLoaded { get; set; }

    /// <summary>XenStore and the event channels are open.</summary>
    public double MachineOpened { get; set; }

    /// <summary>The disk is connected.</summary>
    public double DiskConnected { get; set; }

    /// <summary>The first block of the disk is in memory.</summary>
    public double FirstBlock { get; set; }

    /// <summary>From our first line to the first block.</summary>
    public double FirstBlockSinceInit => FirstBlock - InitStarted;

    /// <summary>Now.</summary>
    public static double Now => KernelControl.TimeSinceBootNs / 1e6;

    /// <summary>Looks the kernel's hand-over up in its log.</summary>
    public void ReadKernelLog()
    {
        // "<6>[    0.531337] Run /init as init process" (linux/init/main.c).
        if (KernelControl.ReadLog(out string log) != 0)
            return;
        string? line = log.Split('\n').LastOrDefault(
            text => text.Contains("] Run /init as init process", StringComparison.Ordinal));
        string? time = line?.Split('[', ']').ElementAtOrDefault(1);
        if (double.TryParse(time, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds))
            KernelRanInit = seconds * 1000;
    }
}
