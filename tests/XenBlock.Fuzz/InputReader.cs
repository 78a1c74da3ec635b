using System.Buffers.Binary;

namespace XenBlock.Fuzz;

/// <summary>Reads an input from its front; beyond its end are zeros, so that every input means something.</summary>
internal ref struct InputReader(ReadOnlySpan<byte> input)
{
    private ReadOnlySpan<byte> _rest = input;

    public readonly bool IsEmpty => _rest.IsEmpty;

    public byte Byte()
    {
        if (_rest.IsEmpty) return 0;
        byte value = _rest[0];
        _rest = _rest[1..];
        return value;
    }

    public ushort Half()
    {
        Span<byte> bytes = stackalloc byte[2];
        Fill(bytes);
        return BinaryPrimitives.ReadUInt16LittleEndian(bytes);
    }

    public ulong Long()
    {
        Span<byte> bytes = stackalloc byte[8];
        Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    public void Fill(scoped Span<byte> destination)
    {
        ReadOnlySpan<byte> taken = Take(destination.Length);
        taken.CopyTo(destination);
        destination[taken.Length..].Clear();
    }

    /// <summary>As many bytes as are there, at most <paramref name="count"/>.</summary>
    public ReadOnlySpan<byte> Take(int count)
    {
        int length = Math.Min(count, _rest.Length);
        ReadOnlySpan<byte> taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
