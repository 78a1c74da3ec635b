using System.Globalization;
using System.Numerics;
using XenBlock.Protocol;

namespace XenBlock.Backend;

/// <summary>
/// What mapping and copying have cost on this machine, by the size of requests, and the choice between them that
/// follows. Costs are learnt from the requests themselves: of each size some are mapped and some are copied at first,
/// and now and then one goes the dearer way, so that a machine that changes is noticed. Written by a queue's thread
/// alone, read by anyone.
/// </summary>
internal sealed class AccessCosts
{
    // Sizes are told apart by the power of two of their pages: the cost of a page hardly varies within one.
    private static readonly int _classCount = BitOperations.Log2(ProtocolConstants.IndirectSegmentsMax) + 1;

    /// <summary>Requests of a size that go each way before the choice begins; their least cost counts.</summary>
    public const int Trials = 8;

    /// <summary>One request in so many of its size goes the dearer way.</summary>
    public const int Period = 256;

    // An interrupted thread measures a thousand times the cost: one sample moves the average by a part of it at most.
    private const double Weight = 1.0 / 8;
    private const double OutlierFactor = 4;

    private readonly Tally[] _mapped = new Tally[_classCount];
    private readonly Tally[] _copied = new Tally[_classCount];
    private readonly int[] _turns = new int[_classCount];

    /// <summary>Which way a request goes.</summary>
    /// <param name="pages">Its pages, from 1.</param>
    public AccessWay Choose(int pages)
    {
        int size = ClassOf(pages);
        if (_mapped[size].Count < Trials || _copied[size].Count < Trials)
            return _turns[size]++ % 2 == 0 ? AccessWay.Map : AccessWay.Copy;
        AccessWay cheaper = Cheaper(size);
        if (++_turns[size] % Period != 0) return cheaper;
        return cheaper == AccessWay.Map ? AccessWay.Copy : AccessWay.Map;
    }

    /// <summary>Takes note of what a request has cost.</summary>
    /// <param name="way">The way it went.</param>
    /// <param name="pages">Its pages.</param>
    /// <param name="ns">Nanoseconds for all of it, there and back.</param>
    public void Record(AccessWay way, int pages, double ns)
    {
        ref Tally tally = ref (way == AccessWay.Map ? ref _mapped : ref _copied)[ClassOf(pages)];
        double cost = ns / pages;
        if (tally.Count < Trials)
        {
            tally.NsPerPage = tally.Count == 0 ? cost : Math.Min(tally.NsPerPage, cost);
        }
        else
        {
            cost = Math.Min(cost, tally.NsPerPage * OutlierFactor);
            tally.NsPerPage += (cost - tally.NsPerPage) * Weight;
        }

        tally.Count++;
    }

    /// <summary>What is known, for each size that occurred.</summary>
    public IReadOnlyList<AccessCost> ToList() => Merge([this]);

    /// <summary>What several queues know together, weighted by how often each has tried.</summary>
    public static IReadOnlyList<AccessCost> Merge(IReadOnlyCollection<AccessCosts> queues)
    {
        var costs = new List<AccessCost>();
        for (int size = 0; size < _classCount; size++)
        {
            int index = size;
            Tally mapped = Sum(queues.Select(queue => queue._mapped[index]));
            Tally copied = Sum(queues.Select(queue => queue._copied[index]));
            if (mapped.Count + copied.Count == 0) continue;
            costs.Add(new AccessCost(
                1 << size,
                (2 << size) - 1,
                mapped.NsPerPage,
                copied.NsPerPage,
                mapped.Count,
                copied.Count,
                Cheaper(in mapped, in copied)));
        }

        return costs;
    }

    /// <summary>
    /// The choice in words, sizes that go the same way together: "1 to 7 pages are copied (210 ns a page, mapped
    /// 3,100); 8 to 15 pages are mapped (...)".
    /// </summary>
    public static string InWords(IReadOnlyList<AccessCost> costs)
    {
        var parts = new List<string>();
        for (int i = 0; i < costs.Count;)
        {
            int first = i;
            while (i < costs.Count && costs[i].Chosen == costs[first].Chosen) i++;
            AccessCost least = costs[first];
            AccessCost most = costs[i - 1];
            string pages = (least.PagesMin, most.PagesMax) switch
            {
                (1, 1) => "1 page is",
                _ => $"{Number(least.PagesMin)} to {Number(most.PagesMax)} pages are",
            };
            parts.Add(least.Chosen == AccessWay.Copy
                ? $"{pages} copied ({Span(least.CopyNsPerPage, most.CopyNsPerPage)} ns a page; mapping takes "
                    + $"{Span(least.MapNsPerPage, most.MapNsPerPage)})"
                : $"{pages} mapped ({Span(least.MapNsPerPage, most.MapNsPerPage)} ns a page; copying takes "
                    + $"{Span(least.CopyNsPerPage, most.CopyNsPerPage)})");
        }

        return parts.Count == 0 ? "nothing was asked for yet" : string.Join("; ", parts);
    }

    private static string Number(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Span(double first, double last)
    {
        string one = first == 0 ? "unknown" : Number(first);
        string other = last == 0 ? "unknown" : Number(last);
        return string.Equals(one, other, StringComparison.Ordinal) ? one : $"{one} to {other}";
    }

    private static int ClassOf(int pages) => BitOperations.Log2((uint)pages);

    private AccessWay Cheaper(int size) => Cheaper(in _mapped[size], in _copied[size]);

    private static AccessWay Cheaper(in Tally mapped, in Tally copied)
    {
        if (copied.Count == 0) return AccessWay.Map;
        return mapped.Count != 0 && mapped.NsPerPage <= copied.NsPerPage ? AccessWay.Map : AccessWay.Copy;
    }

    private static Tally Sum(IEnumerable<Tally> tallies)
    {
        long count = 0;
        double weighted = 0;
        foreach (Tally tally in tallies)
        {
            count += tally.Count;
            weighted += tally.NsPerPage * tally.Count;
        }

        return new Tally { Count = count, NsPerPage = count == 0 ? 0 : weighted / count };
    }

    private struct Tally
    {
        public long Count;
        public double NsPerPage;
    }
}
