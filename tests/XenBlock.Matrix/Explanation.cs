using System.Globalization;
using System.Text;
using XenBlock.Profiling;

namespace XenBlock.Matrix;

/// <summary>The numbers that a model of a disk is made of, to see where a prediction went wrong.</summary>
internal static class Explanation
{
    public static string Of(string name, DiskFacts facts)
    {
        TraceStatistics trace = facts.Trace;
        BatchStatistics batches = trace.Batches;
        double requests = Math.Max(1, trace.Summary.RequestCount);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"     {name}: {trace.RequestsPerSecond:N0} traced requests/s, ");
        text.Append(CultureInfo.InvariantCulture, $"latency {trace.Summary.MeanLatencyNs:N0} ns; ");
        text.Append(CultureInfo.InvariantCulture, $"a turn {batches.RequestsPerTurn.Mean:N1}, ");
        text.Append(CultureInfo.InvariantCulture, $"a taking {batches.ResponsesPerTaking.Mean:N1}, ");
        text.Append(CultureInfo.InvariantCulture, $"a publish {batches.RequestsPerPublish.Mean:N1} and ");
        text.Append(CultureInfo.InvariantCulture, $"{batches.ResponsesPerPublish.Mean:N1}; events ");
        text.Append(CultureInfo.InvariantCulture, $"{trace.Notifications.ToBackendPerRequest:N2} and ");
        text.Append(CultureInfo.InvariantCulture, $"{trace.Notifications.ToFrontendPerRequest:N2}; under way ");
        text.Append(CultureInfo.InvariantCulture, $"{trace.InFlight.Sum(queue => queue.Submitted.Mean):N1}, in slots ");
        text.Append(CultureInfo.InvariantCulture, $"{trace.InFlight.Sum(queue => queue.InSlots.Mean):N1}\n");
        foreach ((TraceSide side, PumpTimes times) in trace.Pumps)
        {
            ThreadShare? thread = side == TraceSide.Frontend ? facts.FrontendThread : facts.BackendThread;
            IEnumerable<string> parts = Enum.GetValues<PumpWork>().Where(work => times[work] > 0).Select(work =>
                string.Create(CultureInfo.InvariantCulture, $"{work} {times[work] / requests:N0}"));
            text.Append(CultureInfo.InvariantCulture, $"       {side}, ns a request: {string.Join(", ", parts)}; ");
            text.Append(CultureInfo.InvariantCulture, $"ran {thread?.Running:N2}, waited {thread?.Waiting:N2}\n");
        }

        return text.ToString();
    }
}
