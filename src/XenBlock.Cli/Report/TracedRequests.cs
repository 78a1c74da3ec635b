using XenBlock.Profiling;

namespace XenBlock.Cli.Report;

/// <summary>The requests of a traced point that its page carries.</summary>
/// <param name="PointIndex">Which of the report's points.</param>
/// <param name="OriginNs">What its times are counted from.</param>
/// <param name="Requests">In order of submission.</param>
internal sealed record TracedRequests(int PointIndex, long OriginNs, IReadOnlyList<RequestTrace> Requests);
