using XenBlock.Profiling;

namespace XenBlock.Tests.Profiling.Views;

/// <summary>Requests made up for the views: each with the phases that it is told.</summary>
internal static class Requests
{
    public static RequestTrace Make(long submittedNs, params long[] phasesNs)
    {
        RequestStamps stamps = default;
        stamps[0] = submittedNs;
        for (int i = 0; i < RequestTrace.PhaseCount; i++)
            stamps[i + 1] = stamps[i] + (i < phasesNs.Length ? phasesNs[i] : 0);
        return new RequestTrace
        {
            Id = 7,
            Kind = TraceEventKind.ReadGranted,
            Sector = 8,
            LengthBytes = 4096,
            Stamps = stamps,
        };
    }

    /// <summary>
    /// A trace as the embedded machine makes it at some depth: batches share stamps, the rest is spread.
    /// </summary>
    public static List<RequestTrace> Batches(int count, int depth, int seed)
    {
        var random = new Random(seed);
        var requests = new List<RequestTrace>(count);
        long now = 1_000_000_000;
        while (requests.Count < count)
        {
            long submitted = now;
            long published = submitted + (depth * 180) + random.Next(500);
            long notified = published + random.Next(900);
            long turn = notified + random.Next(8000);
            long letGo = turn + (depth * 1900L) + random.Next(4000);
            long responded = letGo + (depth * 40L) + random.Next(300);
            long taken = responded + random.Next(9000);
            long finished = taken + (depth * 90L) + random.Next(400);
            long taking = turn;
            for (int slot = 0; slot < depth && requests.Count < count; slot++)
            {
                RequestStamps stamps = default;
                long granted = submitted + 90 + random.Next(60);
                long reached = taking + 300 + random.Next(400);
                long asked = reached + random.Next(90);
                long answered = asked + 350 + random.Next(600);
                ((Span<long>)
                [
                    submitted, granted, published, notified, turn, taking, reached, asked, answered,
                    Math.Max(letGo, answered), Math.Max(responded, answered), Math.Max(taken, answered),
                    Math.Max(finished, answered),
                ]).CopyTo(stamps);
                taking = answered + random.Next(80);
                requests.Add(Make(0) with
                {
                    Id = (7UL << 32) | (uint)slot,
                    Sector = (ulong)random.Next(1 << 21) * 8,
                    Stamps = stamps,
                });
                submitted = granted;
            }

            now = finished + random.Next(2000);
        }

        return requests;
    }
}
