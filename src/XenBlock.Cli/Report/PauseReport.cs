namespace XenBlock.Cli.Report;

/// <summary>A time in which the runtime had stopped all threads, counted from the first submission.</summary>
/// <param name="FromMicroseconds">When it began; below 0 if before the first submission.</param>
/// <param name="ToMicroseconds">When it ended.</param>
internal sealed record PauseReport(double FromMicroseconds, double ToMicroseconds);
