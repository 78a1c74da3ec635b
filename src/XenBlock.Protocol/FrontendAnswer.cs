using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;

namespace XenBlock.Protocol;

/// <summary>
/// What a frontend publishes before it goes to Initialised: its queues' rings and event channels, and its choices.
/// </summary>
public sealed record FrontendAnswer
{
    /// <summary>The queues, at least one; their rings are of one size.</summary>
    public required IReadOnlyList<QueueAnswer> Queues { get; init; }

    /// <summary>The layout of the rings.</summary>
    public BlkifAbi Abi { get; init; } = BlkifAbiNames.Native;

    /// <summary>The frontend leaves grants mapped.</summary>
    public bool Persistent { get; init; }

    /// <summary>The frontend looks at the life byte (<see cref="VbdKeys.FeatureLifeByte"/>).</summary>
    public bool LifeByte { get; init; }

    /// <summary>
    /// The frontend counts in logical sectors: for backends that refuse larger sectors without that word (QEMU before
    /// it followed Xen 4.19). Written for them only, and never believed.
    /// </summary>
    public bool LargeSectorSize { get; init; }

    /// <summary>The log2 of each ring's pages.</summary>
    public int RingPageOrder => BitOperations.Log2((uint)Queues[0].RingReferences.Count);

    /// <summary>
    /// Reads what a frontend published. Every number in it is the peer's word and is checked here (S28, S29).
    /// </summary>
    /// <param name="keys">The frontend's directory.</param>
    /// <param name="offer">What we offered.</param>
    /// <param name="abiDefault">The layout of a frontend that does not name one: that differs by peer.</param>
    /// <param name="answer">What it says.</param>
    /// <param name="problem">Why it cannot be used, in a sentence.</param>
    public static bool TryFromKeys(
        IReadOnlyDictionary<string, string> keys,
        BackendOffer offer,
        BlkifAbi abiDefault,
        [NotNullWhen(true)] out FrontendAnswer? answer,
        [NotNullWhen(false)] out string? problem)
    {
        answer = null;
        problem = ReadQueueCount(keys, offer, out int queueCount);
        if (problem is not null) return false;
        problem = ReadPageCount(keys, offer, out int pageCount);
        if (problem is not null) return false;
        problem = ReadQueues(keys, queueCount, pageCount, out List<QueueAnswer> queues);
        if (problem is not null) return false;

        BlkifAbi abi = abiDefault;
        if (keys.TryGetValue(VbdKeys.Protocol, out string? abiText)
            && !BlkifAbiNames.TryParse(PeerText.Trim(abiText).ToString(), out abi))
        {
            problem = $"the frontend's {VbdKeys.Protocol} {PeerText.Quote(abiText)} is none of "
                + $"{BlkifAbiNames.X86_64}, {BlkifAbiNames.X86_32}, {BlkifAbiNames.Arm}";
            return false;
        }

        answer = new FrontendAnswer
        {
            Queues = queues.AsReadOnly(),
            Abi = abi,
            Persistent = ReadFlag(keys, VbdKeys.FeaturePersistent),
            LifeByte = ReadFlag(keys, VbdKeys.FeatureLifeByte),
        };
        return true;
    }

    /// <summary>
    /// The keys that hold the rings and event channels of as many queues as a frontend names, if so many were offered.
    /// </summary>
    /// <param name="keys">The frontend's other keys.</param>
    /// <param name="offer">What we offered.</param>
    public static IEnumerable<string> QueueKeys(IReadOnlyDictionary<string, string> keys, BackendOffer offer) =>
        ReadQueueCount(keys, offer, out int queueCount) is not null
            ? []
            : from queue in Enumerable.Range(0, queueCount)
              from key in (string[])
              [
                  VbdKeys.RingRef, VbdKeys.EventChannel,
                  .. Enumerable.Range(0, 1 << Math.Min(offer.RingPageOrderMax, ProtocolConstants.RingPageOrderMax))
                      .Select(VbdKeys.RingRefN),
              ]
              select Prefix(queue, queueCount) + key;

    /// <summary>What a frontend publishes: one queue lies flat, several have a directory each.</summary>
    public IReadOnlyDictionary<string, string> ToKeys()
    {
        var keys = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [VbdKeys.Protocol] = BlkifAbiNames.Format(Abi),
            [VbdKeys.FeaturePersistent] = Persistent ? "1" : "0",
        };
        if (LargeSectorSize) keys[VbdKeys.FeatureLargeSectorSize] = "1";
        if (LifeByte) keys[VbdKeys.FeatureLifeByte] = "1";
        if (Queues.Count > 1) keys[VbdKeys.MultiQueueNumQueues] = Text((uint)Queues.Count);
        int pageCount = Queues[0].RingReferences.Count;
        if (pageCount > 1)
        {
            keys[VbdKeys.RingPageOrder] = Text((uint)RingPageOrder);
            keys[VbdKeys.NumRingPages] = Text((uint)pageCount);
        }

        for (int queue = 0; queue < Queues.Count; queue++)
        {
            string prefix = Prefix(queue, Queues.Count);
            keys[prefix + VbdKeys.EventChannel] = Text(Queues[queue].EventChannel.Value);
            for (int page = 0; page < pageCount; page++)
            {
                string name = pageCount == 1 ? VbdKeys.RingRef : VbdKeys.RingRefN(page);
                keys[prefix + name] = Text(Queues[queue].RingReferences[page].Value);
            }
        }

        return keys;
    }

    private static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);

    // Linux's blkback reads one queue flat even where the frontend names the number 1.
    private static string Prefix(int queue, int queueCount) => queueCount == 1 ? "" : $"{VbdKeys.QueueN(queue)}/";

    private static bool ReadFlag(IReadOnlyDictionary<string, string> keys, string name) =>
        keys.TryGetValue(name, out string? text)
        && PeerText.TryRead(text, uint.MaxValue, out ulong number) && number != 0;

    private static string? ReadQueueCount(
        IReadOnlyDictionary<string, string> keys, BackendOffer offer, out int queueCount)
    {
        queueCount = 1;
        if (!keys.ContainsKey(VbdKeys.MultiQueueNumQueues)) return null;
        string? problem = ReadNumber(keys, VbdKeys.MultiQueueNumQueues, 1, (ulong)offer.QueuesMax, out ulong count);
        queueCount = (int)count;
        return problem;
    }

    private static string? ReadQueues(
        IReadOnlyDictionary<string, string> keys, int queueCount, int pageCount, out List<QueueAnswer> queues)
    {
        queues = []; // grows as far as the keys go: the count itself is only the peer's word
        var pagesSeen = new HashSet<ulong>();
        var portsSeen = new HashSet<ulong>();
        for (int queue = 0; queue < queueCount; queue++)
        {
            string prefix = Prefix(queue, queueCount);
            string? problem = ReadReferences(keys, prefix, pageCount, pagesSeen, out GrantReference[] references);
            if (problem is not null) return problem;
            string name = prefix + VbdKeys.EventChannel;
            problem = ReadNumber(keys, name, 1, uint.MaxValue, out ulong port);
            if (problem is not null) return problem;
            if (!portsSeen.Add(port)) return $"the frontend's {name} repeats the port {port} of another queue";
            queues.Add(new QueueAnswer
            {
                RingReferences = new ReadOnlyCollection<GrantReference>(references),
                EventChannel = new EventChannelPort((uint)port),
            });
        }

        return null;
    }

    private static string? ReadPageCount(
        IReadOnlyDictionary<string, string> keys, BackendOffer offer, out int pageCount)
    {
        pageCount = 1;
        ulong orderMax = (ulong)offer.RingPageOrderMax;
        if (keys.ContainsKey(VbdKeys.RingPageOrder))
        {
            string? problem = ReadNumber(keys, VbdKeys.RingPageOrder, 0, orderMax, out ulong order);
            pageCount = 1 << (int)order;
            return problem;
        }

        if (keys.TryGetValue(VbdKeys.NumRingPages, out string? text))
        {
            string? problem = ReadNumber(keys, VbdKeys.NumRingPages, 1, 1UL << (int)orderMax, out ulong pages);
            if (problem is null && !ulong.IsPow2(pages))
                problem = $"the frontend's {VbdKeys.NumRingPages} {PeerText.Quote(text)} is no power of two";
            pageCount = (int)pages;
            return problem;
        }

        return null;
    }

    private static string? ReadReferences(
        IReadOnlyDictionary<string, string> keys,
        string prefix,
        int pageCount,
        HashSet<ulong> seen,
        out GrantReference[] references)
    {
        references = new GrantReference[pageCount];
        bool isPlain = pageCount == 1
            && (keys.ContainsKey(prefix + VbdKeys.RingRef) || !keys.ContainsKey(prefix + VbdKeys.RingRefN(0)));
        for (int page = 0; page < pageCount; page++)
        {
            string name = prefix + (isPlain ? VbdKeys.RingRef : VbdKeys.RingRefN(page));
            string? problem = ReadNumber(keys, name, 0, uint.MaxValue, out ulong reference);
            if (problem is not null) return problem;
            if (!seen.Add(reference)) return $"the frontend's {name} repeats the grant {reference} of another page";
            references[page] = new GrantReference((uint)reference);
        }

        return null;
    }

    private static string? ReadNumber(
        IReadOnlyDictionary<string, string> keys, string name, ulong min, ulong max, out ulong number)
    {
        number = 0;
        if (!keys.TryGetValue(name, out string? text)) return $"the frontend has published no {name}";
        if (PeerText.TryRead(text, max, out ulong read) && read >= min)
        {
            number = read;
            return null;
        }

        return $"the frontend's {name} {PeerText.Quote(text)} is no number from {min} to {max}";
    }
}
