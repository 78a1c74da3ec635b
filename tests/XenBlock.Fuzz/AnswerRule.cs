using System.Numerics;
using XenBlock.Protocol;

namespace XenBlock.Fuzz;

/// <summary>What a frontend may publish, stated a second time: the keys of xen/include/public/io/blkif.h.</summary>
internal static class AnswerRule
{
    /// <summary>What a frontend's keys say, or null if they cannot be used.</summary>
    public static (int Queues, int Pages, List<ulong> References, List<ulong> Ports)? Read(
        IReadOnlyDictionary<string, string> keys, BackendOffer offer)
    {
        BigInteger? queues = keys.ContainsKey("multi-queue-num-queues")
            ? Number(keys, "multi-queue-num-queues", 1, offer.QueuesMax)
            : 1;
        if (queues is null || Pages(keys, offer) is not { } pages) return null;
        var references = new List<ulong>();
        var ports = new List<ulong>();
        for (int queue = 0; queue < queues; queue++)
        {
            string prefix = queues == 1 ? "" : $"queue-{queue}/";
            bool isOld = pages == 1
                && (keys.ContainsKey(prefix + "ring-ref") || !keys.ContainsKey(prefix + "ring-ref0"));
            for (int page = 0; page < pages; page++)
            {
                string name = isOld ? "ring-ref" : $"ring-ref{page}";
                if (Number(keys, prefix + name, 0, uint.MaxValue) is not { } reference) return null;
                references.Add((ulong)reference);
            }

            if (Number(keys, prefix + "event-channel", 1, uint.MaxValue) is not { } port) return null;
            ports.Add((ulong)port);
        }

        bool isDistinct = references.Distinct().Count() == references.Count && ports.Distinct().Count() == ports.Count;
        bool isKnown = !keys.TryGetValue("protocol", out string? abi)
            || Trim(abi) is "x86_64-abi" or "x86_32-abi" or "arm-abi";
        return isDistinct && isKnown ? ((int)queues, pages, references, ports) : null;
    }

    /// <summary>A key's number, or null if it is none or outside the range.</summary>
    public static BigInteger? Number(
        IReadOnlyDictionary<string, string> keys, string name, BigInteger min, BigInteger max)
    {
        if (!keys.TryGetValue(name, out string? text)) return null;
        text = Trim(text);
        if (text.Length == 0 || !text.All(char.IsAsciiDigit)) return null;
        BigInteger number = text.Aggregate(BigInteger.Zero, (sum, digit) => (sum * 10) + (digit - '0'));
        return number >= min && number <= max ? number : null;
    }

    private static int? Pages(IReadOnlyDictionary<string, string> keys, BackendOffer offer)
    {
        if (keys.ContainsKey("ring-page-order"))
            return Number(keys, "ring-page-order", 0, offer.RingPageOrderMax) is { } order ? 1 << (int)order : null;
        if (!keys.ContainsKey("num-ring-pages")) return 1;
        BigInteger? pages = Number(keys, "num-ring-pages", 1, 1 << offer.RingPageOrderMax);
        return pages is { IsPowerOfTwo: true } ? (int)pages : null;
    }

    private static string Trim(string text) => text.Trim(' ', '\t', '\r', '\n', '\0');
}
