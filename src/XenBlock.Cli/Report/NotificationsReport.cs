namespace XenBlock.Cli.Report;

/// <summary>Events of a traced point, both ways; where there was none, the other side was at work already.</summary>
/// <param name="Publishes">Times that requests were published.</param>
/// <param name="BackendNotified">Events that the frontend sent for them.</param>
/// <param name="Responds">Times that responses were published.</param>
/// <param name="FrontendNotified">Events that the backend sent for them.</param>
internal sealed record NotificationsReport(
    long Publishes, long BackendNotified, long Responds, long FrontendNotified);
