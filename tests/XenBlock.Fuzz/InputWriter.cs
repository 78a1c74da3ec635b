using System.Buffers.Binary;

namespace XenBlock.Fuzz;

/// <summary>Writes what <see cref="InputReader"/> reads: for seeds.</summary>
internal sealed class InputWriter
{
    private readonly List<byte> _bytes = [];

    public InputWriter Byte(int value)
    {
        _bytes.Add((byte)value);
        return this;
    }

    public InputWriter Half(int value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)value);
        return Bytes(bytes);
    }

    public InputWriter Long(ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return Bytes(bytes);
    }

    public InputWriter Bytes(ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public byte[] ToArray() => [.. _bytes];
}
