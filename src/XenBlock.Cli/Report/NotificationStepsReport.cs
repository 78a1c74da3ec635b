using XenBlock.Profiling;

namespace XenBlock.Cli.Report;

/// <summary>Events of a traced point in steps of equal length, the first from the first submission on.</summary>
/// <param name="StepMicroseconds">Length of a step.</param>
/// <param name="Publishes">Times that requests were published, a number a step.</param>
/// <param name="BackendNotified">Events that the frontend sent for them.</param>
/// <param name="Responds">Times that responses were published.</param>
/// <param name="FrontendNotified">Events that the backend sent for them.</param>
internal sealed record NotificationStepsReport(
    double StepMicroseconds,
    IReadOnlyList<int> Publishes,
    IReadOnlyList<int> BackendNotified,
    IReadOnlyList<int> Responds,
    IReadOnlyList<int> FrontendNotified)
{
    /// <summary>The report of what was counted.</summary>
    public static NotificationStepsReport Of(NotificationsOverTime counted) => new(
        counted.StepNs / 1000,
        counted.RequestPublishes,
        counted.ToBackend,
        counted.ResponsePublishes,
        counted.ToFrontend);
}
