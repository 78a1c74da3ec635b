using System.Collections.ObjectModel;
using System.Globalization;
using System.Numerics;

namespace XenBlock.Protocol;

/// <summary>
/// What a backend publishes before it goes to InitWait: the features that a frontend may choose from.
/// </summary>
public sealed record BackendOffer
{
    private static readonly IReadOnlyDictionary<string, string> _none = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>
    /// Every key that an offer may have: those that this one has not must not be left of an earlier one.
    /// </summary>
    public static IReadOnlyList<string> KeyNames { get; } =
    [
        VbdKeys.FeatureFlushCache, VbdKeys.FeatureBarrier, VbdKeys.FeatureDiscard, VbdKeys.FeaturePersistent,
        VbdKeys.DiscardSecure, VbdKeys.DiscardGranularity, VbdKeys.DiscardAlignment,
        VbdKeys.FeatureMaxIndirectSegments, VbdKeys.MaxRingPageOrder, VbdKeys.MaxRingPages,
        VbdKeys.MultiQueueMaxQueues,
    ];

    /// <summary>The backend understands <see cref="BlkifOperation.FlushDiskCache"/>.</summary>
    public bool Flush { get; init; }

    /// <summary>The backend understands <see cref="BlkifOperation.WriteBarrier"/>.</summary>
    public bool Barrier { get; init; }

    /// <summary>The backend understands <see cref="BlkifOperation.Discard"/>.</summary>
    public bool Discard { get; init; }

    /// <summary>A discard may be secure.</summary>
    public bool SecureDiscard { get; init; }

    /// <summary>The unit of discards in bytes; 0 means the sector size.</summary>
    public uint DiscardGranularityBytes { get; init; }

    /// <summary>Bytes from the start of the disk to the first unit of discards.</summary>
    public uint DiscardAlignmentBytes { get; init; }

    /// <summary>The backend can keep grants mapped.</summary>
    public bool Persistent { get; init; }

    /// <summary>The most segments of an indirect request, 0 to 4,096; 0 means that there are none.</summary>
    public int IndirectSegmentsMax { get; init; }

    /// <summary>The log2 of the most pages of a ring.</summary>
    public int RingPageOrderMax { get; init; }

    /// <summary>The most queues, at least 1.</summary>
    public int QueuesMax { get; init; } = 1;

    /// <summary>What was wrong with keys that could not be used, in words, by the key's name.</summary>
    public IReadOnlyDictionary<string, string> Problems { get; init; } = _none;

    /// <summary>
    /// Reads what a backend published. Never fails: a key that makes no sense is as good as none, and noted in
    /// <see cref="Problems"/>.
    /// </summary>
    /// <param name="keys">The backend's directory.</param>
    public static BackendOffer FromKeys(IReadOnlyDictionary<string, string> keys)
    {
        var reader = new OfferReader(keys);
        int order = reader.Has(VbdKeys.MaxRingPageOrder) || !reader.Has(VbdKeys.MaxRingPages)
            ? (int)reader.Number(VbdKeys.MaxRingPageOrder, absent: 0, max: 31)
            : BitOperations.Log2((uint)reader.Number(VbdKeys.MaxRingPages, absent: 1, max: int.MaxValue, min: 1));
        var offer = new BackendOffer
        {
            Flush = reader.Flag(VbdKeys.FeatureFlushCache),
            Barrier = reader.Flag(VbdKeys.FeatureBarrier),
            Discard = reader.Flag(VbdKeys.FeatureDiscard),
            SecureDiscard = reader.Flag(VbdKeys.DiscardSecure),
            DiscardGranularityBytes = (uint)reader.Number(VbdKeys.DiscardGranularity, absent: 0, max: uint.MaxValue),
            DiscardAlignmentBytes = (uint)reader.Number(VbdKeys.DiscardAlignment, absent: 0, max: uint.MaxValue),
            Persistent = reader.Flag(VbdKeys.FeaturePersistent),
            IndirectSegmentsMax = (int)Math.Min(
                reader.Number(VbdKeys.FeatureMaxIndirectSegments, absent: 0, max: uint.MaxValue),
                ProtocolConstants.IndirectSegmentsMax),
            RingPageOrderMax = order,
            QueuesMax = (int)reader.Number(VbdKeys.MultiQueueMaxQueues, absent: 1, max: int.MaxValue, min: 1),
        };
        return reader.Problems.Count == 0 ? offer : offer with { Problems = reader.Problems };
    }

    /// <summary>What a backend publishes; features that it does not have are left out or "0".</summary>
    public IReadOnlyDictionary<string, string> ToKeys()
    {
        var keys = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [VbdKeys.FeatureFlushCache] = Text(Flush),
            [VbdKeys.FeatureBarrier] = Text(Barrier),
            [VbdKeys.FeatureDiscard] = Text(Discard),
            [VbdKeys.FeaturePersistent] = Text(Persistent),
        };
        if (Discard)
        {
            keys[VbdKeys.DiscardSecure] = Text(SecureDiscard);
            if (DiscardGranularityBytes != 0)
            {
                // Both or neither, says blkif.h.
                keys[VbdKeys.DiscardGranularity] = DiscardGranularityBytes.ToString(CultureInfo.InvariantCulture);
                keys[VbdKeys.DiscardAlignment] = DiscardAlignmentBytes.ToString(CultureInfo.InvariantCulture);
            }
        }

        if (IndirectSegmentsMax > 0)
            keys[VbdKeys.FeatureMaxIndirectSegments] = IndirectSegmentsMax.ToString(CultureInfo.InvariantCulture);
        if (RingPageOrderMax > 0)
        {
            keys[VbdKeys.MaxRingPageOrder] = RingPageOrderMax.ToString(CultureInfo.InvariantCulture);
            keys[VbdKeys.MaxRingPages] = (1L << RingPageOrderMax).ToString(CultureInfo.InvariantCulture);
        }

        if (QueuesMax > 1) keys[VbdKeys.MultiQueueMaxQueues] = QueuesMax.ToString(CultureInfo.InvariantCulture);
        return keys;
    }

    private static string Text(bool flag) => flag ? "1" : "0";

    private sealed class OfferReader(IReadOnlyDictionary<string, string> keys)
    {
        public Dictionary<string, string> Problems { get; } = new(StringComparer.Ordinal);

        public bool Has(string name) => keys.ContainsKey(name);

        public bool Flag(string name) => Number(name, absent: 0, max: uint.MaxValue) != 0;

        public ulong Number(string name, ulong absent, ulong max, ulong min = 0)
        {
            if (!keys.TryGetValue(name, out string? text)) return absent;
            if (PeerText.TryRead(text, max, out ulong number) && number >= min) return number;
            Problems[name] = $"the backend's {name} {PeerText.Quote(text)} is no number from {min} to {max}";
            return absent;
        }
    }
}
