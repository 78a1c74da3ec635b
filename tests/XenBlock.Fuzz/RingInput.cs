using System.Runtime.InteropServices;
using XenBlock.Backend;
using XenBlock.Protocol;

namespace XenBlock.Fuzz;

/// <summary>An input of <see cref="RingTarget"/>, taken apart: a disk, slots as on the ring, pages.</summary>
internal sealed class RingInput
{
    /// <summary>Granted pages: the first may hold anything, the last four are granted for reading only.</summary>
    public const int PageCount = 16;

    /// <summary>From here on a page is granted for reading only.</summary>
    public const int ReadOnlyFrom = 12;

    /// <summary>The first reference that a fresh domain of the embedded machine gives: 8 are reserved.</summary>
    public const uint FirstGrant = 8;

    /// <summary>The most requests of an input.</summary>
    public const int RequestsMax = 8;

    private const int ChunksMax = 8;

    private static readonly int[] IndirectCounts = [0, 12, 16, 32, 256, 512, 1024, 4096];

    /// <summary>Takes an input apart, and fills the pages as it says.</summary>
    /// <param name="input">The input.</param>
    /// <param name="pages">All granted pages; those that no chunk names keep what is in them.</param>
    public RingInput(ReadOnlySpan<byte> input, Span<byte> pages)
    {
        var reader = new InputReader(input);
        Abi = (BlkifAbi)(reader.Byte() % 3);
        byte access = reader.Byte();
        // Inputs found before there was a fifth way keep their meaning, most of them.
        Access = access % 8 == 4 ? PayloadAccess.Auto : (PayloadAccess)(access % 4);
        bool mayCopy = Access is PayloadAccess.Copy or PayloadAccess.Auto;
        byte flags = reader.Byte();
        byte sizes = reader.Byte();
        SectorCount = 8 + ((reader.Byte() & 0x1F) * 8);
        int indirect = IndirectCounts[sizes & 7];
        // A bounce region holds the largest request; large ones would make the fuzzer slow and find nothing more.
        if (mayCopy) indirect = Math.Min(indirect, 32);
        Limits = new DiskLimits((ulong)SectorCount, 512 << ((sizes >> 3) & 3))
        {
            IsReadOnly = (flags & 1) != 0,
            AllowsFlush = (flags & 2) != 0,
            AllowsBarrier = (flags & 4) != 0,
            AllowsDiscard = (flags & 8) != 0,
            AllowsSecureDiscard = (flags & 16) != 0,
            IndirectSegmentsMax = indirect,
        };
        IsPipelined = (sizes & 0x20) != 0;
        int requests = 1 + (reader.Byte() % RequestsMax);
        // Copies to the frontend happen when a batch is answered, so what a request sees depends on the batch.
        RequestsPerTurn = (flags & 32) != 0 && !mayCopy ? requests : 1;
        RequestsClaimedTooMany = (flags & 0xC0) == 0xC0 ? 1u + reader.Byte() : 0;
        PersistentPagesMax = reader.Byte() % 24;
        Slots = new byte[requests][];
        for (int i = 0; i < requests; i++)
        {
            Slots[i] = new byte[BlkifCodec.SlotSizeBytes(Abi)];
            reader.Fill(Slots[i]);
        }

        for (int i = 0; i < ChunksMax && !reader.IsEmpty; i++)
        {
            byte where = reader.Byte();
            ReadOnlySpan<byte> chunk = reader.Take(BlkifSegment.SizeBytes * (1 + reader.Byte()));
            Span<byte> page = pages.Slice(where % PageCount * 4096, 4096);
            bool isRepeated = (where & 0x80) != 0;
            for (int at = 0; at < page.Length && !chunk.IsEmpty; at += chunk.Length)
            {
                chunk = chunk[..Math.Min(chunk.Length, page.Length - at)];
                chunk.CopyTo(page[at..]);
                if (!isRepeated) break;
            }
        }
    }

    /// <summary>The ring's layout.</summary>
    public BlkifAbi Abi { get; }

    /// <summary>How pages are reached.</summary>
    public PayloadAccess Access { get; }

    /// <summary>The store has several operations under way, and finishes them in an order of its own.</summary>
    public bool IsPipelined { get; }

    /// <summary>What the disk allows.</summary>
    public DiskLimits Limits { get; }

    /// <summary>The disk's size in units of 512 bytes, 8 to 256.</summary>
    public int SectorCount { get; }

    /// <summary>The requests, as bytes.</summary>
    public byte[][] Slots { get; }

    /// <summary>Requests published at once.</summary>
    public int RequestsPerTurn { get; }

    /// <summary>How many more requests the index claims in the end than a ring holds; 0 for an honest one.</summary>
    public uint RequestsClaimedTooMany { get; }

    /// <summary>The most pages that the backend keeps mapped.</summary>
    public int PersistentPagesMax { get; }

    /// <summary>An input for a seed.</summary>
    public static byte[] Compose(
        BlkifAbi abi,
        PayloadAccess access,
        int flags,
        BlockRequest[] requests,
        byte[] chunks,
        bool isPipelined = false)
    {
        int sizes = isPipelined ? 0x27 : 7;
        var writer = new InputWriter().Byte((int)abi).Byte((int)access).Byte(flags).Byte(sizes).Byte(0x1F)
            .Byte(requests.Length - 1);
        if ((flags & 0xC0) == 0xC0) writer.Byte(0);
        writer.Byte(16);
        foreach (BlockRequest request in requests)
        {
            var slot = new byte[BlkifCodec.SlotSizeBytes(abi)];
            BlkifCodec.WriteRequest(abi, in request, slot);
            writer.Bytes(slot);
        }

        return writer.Bytes(chunks).ToArray();
    }

    /// <summary>Segments as a chunk of a page.</summary>
    public static byte[] Chunk(int page, bool isRepeated, params BlkifSegment[] segments) => new InputWriter()
        .Byte(page | (isRepeated ? 0x80 : 0))
        .Byte(segments.Length - 1)
        .Bytes(MemoryMarshal.AsBytes(segments.AsSpan()))
        .ToArray();
}
