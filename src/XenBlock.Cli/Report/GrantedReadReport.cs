namespace XenBlock.Cli.Report;

/// <summary>
/// Reads into granted buffers beside <c>pread</c> into ordinary ones: the same file, size, buffers and run.
/// </summary>
/// <param name="SizeBytes">Size of one operation.</param>
/// <param name="Depth">Operations under way at once, and buffers in turn on both sides.</param>
/// <param name="Access">How the backend reached the pages.</param>
/// <param name="MegabytesPerSecond">Through the disk.</param>
/// <param name="PlainMegabytesPerSecond">By pread.</param>
/// <param name="Ratio">The median of the ratios of neighbouring samples.</param>
internal sealed record GrantedReadReport(
    int SizeBytes, int Depth, string Access, double MegabytesPerSecond, double PlainMegabytesPerSecond, double Ratio);
