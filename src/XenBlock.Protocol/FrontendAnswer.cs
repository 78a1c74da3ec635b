using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;

namespace XenBlock.Protocol;

/// <summary>
/// What a frontend publishes before it goes to Initialised: its ring, its event channel, and its choices.
/// </summary>
public sealed record FrontendAnswer
{
    /// <summary>The grants of the ring's pages, in order: 1, 2, 4, 8 or 16 of them.</summary>
    public required IReadOnlyList<GrantReference> RingReferences { get; init; }

    /// <summary>The frontend's port, to bind to.</summary>
    public required EventChannelPort EventChannel { get; init; }

    /// <summary>The layout of the ring.</summary>
    public BlkifAbi Abi { get; init; } = BlkifAbiNames.Native;

    /// <summary>The frontend leaves grants mapped.</summary>
    public bool Persistent { get; init; }

    /// <summary>The frontend looks at the life byte (<see cref="VbdKeys.FeatureLifeByte"/>).</summary>
    public bool LifeByte { get; init; }

    /// <summary>The log2 of the ring's pages.</summary>
    public int RingPageOrder => BitOperations.Log2((uint)RingReferences.Count);

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
        problem = CheckQueues(keys, offer);
        if (problem is not null) return false;
        problem = ReadPageCount(keys, offer, out int pageCount);
        if (problem is not null) return false;
        problem = ReadReferences(keys, pageCount, out GrantReference[] references);
        if (problem is not null) return false;
        problem = ReadNumber(keys, VbdKeys.EventChannel, 1, uint.MaxValue, out ulong port);
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
            RingReferences = new ReadOnlyCollection<GrantReference>(references),
            EventChannel = new EventChannelPort((uint)port),
            Abi = abi,
            Persistent = ReadFlag(keys, VbdKeys.FeaturePersistent),
            LifeByte = ReadFlag(keys, VbdKeys.FeatureLifeByte),
        };
        return true;
    }

    /// <summary>What a frontend publishes.</summary>
    public IReadOnlyDictionary<string, string> ToKeys()
    {
        var keys = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [VbdKeys.EventChannel] = EventChannel.Value.ToString(CultureInfo.InvariantCulture),
            [VbdKeys.Protocol] = BlkifAbiNames.Format(Abi),
            [VbdKeys.FeaturePersistent] = Persistent ? "1" : "0",
        };
        if (LifeByte) keys[VbdKeys.FeatureLifeByte] = "1";
        if (RingReferences.Count == 1)
        {
            keys[VbdKeys.RingRef] = RingReferences[0].Value.ToString(CultureInfo.InvariantCulture);
            return keys;
        }

        keys[VbdKeys.RingPageOrder] = RingPageOrder.ToString(CultureInfo.InvariantCulture);
        keys[VbdKeys.NumRingPages] = RingReferences.Count.ToString(CultureInfo.InvariantCulture);
        for (int page = 0; page < RingReferences.Count; page++)
            keys[VbdKeys.RingRefN(page)] = RingReferences[page].Value.ToString(CultureInfo.InvariantCulture);
        return keys;
    }

    private static bool ReadFlag(IReadOnlyDictionary<string, string> keys, string name) =>
        keys.TryGetValue(name, out string? text)
        && PeerText.TryRead(text, uint.MaxValue, out ulong number) && number != 0;

    private static string? CheckQueues(IReadOnlyDictionary<string, string> keys, BackendOffer offer)
    {
        if (!keys.ContainsKey(VbdKeys.MultiQueueNumQueues)) return null;
        string? problem = ReadNumber(keys, VbdKeys.MultiQueueNumQueues, 1, (ulong)offer.QueuesMax, out ulong count);
        return problem is null && count > 1 ? "the frontend wants several queues, which are not used yet" : problem;
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
        IReadOnlyDictionary<string, string> keys, int pageCount, out GrantReference[] references)
    {
        references = new GrantReference[pageCount];
        bool isPlain = pageCount == 1 && (keys.ContainsKey(VbdKeys.RingRef) || !keys.ContainsKey(VbdKeys.RingRefN(0)));
        var seen = new HashSet<ulong>();
        for (int page = 0; page < pageCount; page++)
        {
            string name = isPlain ? VbdKeys.RingRef : VbdKeys.RingRefN(page);
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
