using System.Runtime.InteropServices;

namespace XenBlock.Cli.Bench;

/// <summary>
/// Data that tells where it belongs: every eight bytes are a function of their offset and a generation.
/// </summary>
internal static class DataPattern
{
    /// <summary>Fills a buffer with what belongs at an offset.</summary>
    /// <param name="destination">A multiple of 8 bytes.</param>
    /// <param name="offsetBytes">Where on the disk; a multiple of 8.</param>
    /// <param name="generation">Tells an old write from a new one.</param>
    public static void Fill(Span<byte> destination, long offsetBytes, ulong generation)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(destination);
        ulong index = (ulong)offsetBytes / sizeof(ulong);
        for (int i = 0; i < words.Length; i++)
            words[i] = Word(index + (ulong)i, generation);
    }

    /// <summary>Looks for the first byte that does not belong.</summary>
    /// <returns>Its offset on the disk, or -1 if all is well.</returns>
    public static long FindMismatch(ReadOnlySpan<byte> data, long offsetBytes, ulong generation)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(data);
        ulong index = (ulong)offsetBytes / sizeof(ulong);
        for (int i = 0; i < words.Length; i++)
        {
            if (words[i] != Word(index + (ulong)i, generation))
                return offsetBytes + ((long)i * sizeof(ulong));
        }

        return -1;
    }

    // One multiplication and one shift: different for every word, and never a run of zeros.
    private static ulong Word(ulong index, ulong generation) =>
        unchecked(Mix(((index + 1) * 0x9E3779B97F4A7C15UL) + generation));

    private static ulong Mix(ulong value) => value ^ (value >> 29);
}
