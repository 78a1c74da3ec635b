using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;

namespace XenBlock.Soak;

/// <summary>
/// What each block of the disk must hold, in a file that outlives a frontend that is killed: the last write that was
/// acknowledged, and one that was under way, of which nobody knows whether it happened.
/// </summary>
internal sealed class Shadow : IDisposable
{
    /// <summary>The unit of everything: a page.</summary>
    public const int BlockBytes = 4096;

    /// <summary>The mark of a block that is all zeros.</summary>
    public const ulong Zeros = 1;

    private const int EntryBytes = 16;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _entries;

    private Shadow(MemoryMappedFile file, int blockCount)
    {
        _file = file;
        _entries = file.CreateViewAccessor();
        BlockCount = blockCount;
    }

    /// <summary>Blocks of the disk.</summary>
    public int BlockCount { get; }

    /// <summary>Makes the shadow of a disk of zeros.</summary>
    public static void Create(string path, int blockCount)
    {
        var bytes = new byte[blockCount * EntryBytes];
        for (int block = 0; block < blockCount; block++)
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(block * EntryBytes), Zeros);
        File.WriteAllBytes(path, bytes);
    }

    /// <summary>Opens what an earlier frontend left.</summary>
    public static Shadow Open(string path) =>
        new(MemoryMappedFile.CreateFromFile(path), (int)(new FileInfo(path).Length / EntryBytes));

    /// <summary>The mark of the last write that was acknowledged.</summary>
    public ulong Stable(int block) => _entries.ReadUInt64(block * EntryBytes);

    /// <summary>The mark of a write that may have happened; 0 for none.</summary>
    public ulong Pending(int block) => _entries.ReadUInt64((block * EntryBytes) + 8);

    /// <summary>A write is about to be submitted.</summary>
    public void Begin(int block, ulong mark) => _entries.Write((block * EntryBytes) + 8, mark);

    /// <summary>A write was acknowledged, or found on the disk.</summary>
    public void Settle(int block, ulong mark)
    {
        _entries.Write(block * EntryBytes, mark);
        _entries.Write((block * EntryBytes) + 8, 0UL);
    }

    /// <summary>Fills a block with what belongs to a mark: every eight bytes tell block, place and mark.</summary>
    public static void Fill(Span<byte> destination, int block, ulong mark)
    {
        for (int at = 0; at < BlockBytes; at += 8)
            BinaryPrimitives.WriteUInt64LittleEndian(destination[at..], Word(block, at, mark));
    }

    /// <summary>Where a block differs from what belongs to a mark, in bytes; -1 if nowhere.</summary>
    public static int Mismatch(ReadOnlySpan<byte> data, int block, ulong mark)
    {
        for (int at = 0; at < BlockBytes; at += 8)
        {
            if (BinaryPrimitives.ReadUInt64LittleEndian(data[at..]) != Word(block, at, mark)) return at;
        }

        return -1;
    }

    public void Dispose()
    {
        _entries.Dispose();
        _file.Dispose();
    }

    private static ulong Word(int block, int at, ulong mark) => mark == Zeros
        ? 0
        : unchecked((((ulong)block << 12) + (ulong)at + 1) * 0x9E37_79B9_7F4A_7C15UL) ^ mark;
}
