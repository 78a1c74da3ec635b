using XenBlock.Cli.Report;

namespace XenBlock.Cli.Top;

/// <summary>One disk of one interval in JSON.</summary>
/// <param name="Disk">The disk, as "1/xvda".</param>
/// <param name="Ends">Which ends are traced; empty for none.</param>
/// <param name="Seconds">Length of the interval.</param>
/// <param name="Requests">Requests that ended in it.</param>
/// <param name="BytesRead">Bytes read.</param>
/// <param name="BytesWritten">Bytes written.</param>
/// <param name="Depth">Requests under way on average.</param>
/// <param name="P50Microseconds">What half of the requests stayed within.</param>
/// <param name="P99Microseconds">What 99 of 100 stayed within.</param>
/// <param name="NotificationsPerRequest">Events a request.</param>
/// <param name="RecordsLost">Records that were lost.</param>
/// <param name="PhaseShares">Each phase's part of the time, 0 to 1, those that take any.</param>
/// <param name="Verdict">What holds it back, briefly.</param>
/// <param name="Diagnosis">Why it is as slow as it is; null if it did nothing.</param>
internal sealed record TopDiskDocument(
    string Disk,
    string Ends,
    double Seconds,
    int Requests,
    long BytesRead,
    long BytesWritten,
    double Depth,
    double P50Microseconds,
    double P99Microseconds,
    double NotificationsPerRequest,
    ulong RecordsLost,
    IReadOnlyDictionary<string, double> PhaseShares,
    string Verdict,
    DiagnosisReport? Diagnosis)
{
    /// <summary>The same of a sample.</summary>
    public static TopDiskDocument Of(TopSample sample) => new(
        sample.Disk,
        sample.Ends,
        sample.Seconds,
        sample.Requests,
        sample.BytesRead,
        sample.BytesWritten,
        sample.Depth,
        sample.P50Ns / 1000.0,
        sample.P99Ns / 1000.0,
        sample.NotificationsPerRequest,
        sample.Lost,
        sample.Phases.ToDictionary(
            phase => PhasesReport.NameOf(phase.Phase), phase => phase.Share, StringComparer.Ordinal),
        sample.Verdict,
        sample.Diagnosis);
}
