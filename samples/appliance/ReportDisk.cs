using System.Text;
using System.Text.Json;
using XenBlock.Frontend;
using XenBlock.Hypervisor;

namespace XenBlock.Appliance;

/// <summary>
/// The report on a disk without a file system: the first 4,096 bytes are a line of text, "xenblk.appliance/1" and the
/// length in bytes, and zeros; the report follows. So head and tail can read it.
/// </summary>
internal static class ReportDisk
{
    private const int HeaderBytes = 4096;

    /// <summary>
    /// Writes the report and flushes it; the header last, so that it never stands before half a report.
    /// </summary>
    /// <exception cref="XenBlockException">The disk that was named is not there, too small, or fails.</exception>
    public static async Task WriteAsync(
        IHypervisor domain, JobOptions options, ApplianceReport report, Action<string> say)
    {
        if (options.ReportDisk is "none")
            return;
        try
        {
            await using BlockDevice device = await BlockDevice.ConnectAsync(domain, options.ReportDisk);
            int length = await WriteAsync(device, report);
            say($"report: {length:N0} bytes on {device.Name}");
        }
        catch (XenBlockException missing) when (
            missing.Kind == XenBlockErrorKind.NotFound && !options.IsReportNamed)
        {
            say($"report: on the console only, because {missing.Message}");
        }
    }

    private static async Task<int> WriteAsync(BlockDevice device, ApplianceReport report)
    {
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(report, ReportJson.Default.ApplianceReport);
        byte[] body = new byte[(text.Length + HeaderBytes - 1) / HeaderBytes * HeaderBytes];
        text.CopyTo(body, 0);
        byte[] header = new byte[HeaderBytes];
        Encoding.ASCII.GetBytes($"{ApplianceReport.SchemaName} {text.Length}\n", header);
        await device.WriteAsync(HeaderBytes, body);
        if (device.Features.Flush)
            await device.FlushAsync();
        await device.WriteAsync(0, header);
        if (device.Features.Flush)
            await device.FlushAsync();
        return text.Length;
    }
}
