namespace XenBlock.Appliance;

/// <summary>One line of the table; what is "per operation" is a mean.</summary>
internal sealed record MeasuredPoint(
    string Operation,
    int SizeBytes,
    int Depth,
    long Operations,
    double Seconds,
    double P50Microseconds,
    double P99Microseconds,
    double RequestsPerOperation,
    double NotificationsPerOperation,
    double CpuMicrosecondsPerOperation)
{
    /// <summary>Bandwidth; MB = 10^6 bytes.</summary>
    public double MegabytesPerSecond => Operations * (double)SizeBytes / Seconds / 1e6;
}
