using System.Buffers.Binary;
using System.Text;

namespace XenBlock.Profiling;

/// <summary>
/// A message of protocol buffers under way: the few kinds of fields that Perfetto's trace packets need, written by hand
/// because this room brings no packages (protobuf.dev/programming-guides/encoding).
/// </summary>
internal sealed class ProtocolBuffer
{
    private byte[] _bytes = new byte[256];

    /// <summary>Bytes so far.</summary>
    public int Length { get; private set; }

    /// <summary>What was written.</summary>
    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, Length);

    /// <summary>Starts anew.</summary>
    public void Clear() => Length = 0;

    /// <summary>A field of kind varint.</summary>
    public ProtocolBuffer Number(int field, ulong value)
    {
        Varint((ulong)field << 3);
        Varint(value);
        return this;
    }

    /// <summary>A field of kind fixed64.</summary>
    public ProtocolBuffer Fixed64(int field, ulong value)
    {
        Varint(((ulong)field << 3) | 1);
        BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value);
        return this;
    }

    /// <summary>A field that is a text.</summary>
    public ProtocolBuffer Text(int field, string value)
    {
        int length = Encoding.UTF8.GetByteCount(value);
        Varint(((ulong)field << 3) | 2);
        Varint((ulong)length);
        Encoding.UTF8.GetBytes(value, Take(length));
        return this;
    }

    /// <summary>A field that is a message.</summary>
    public ProtocolBuffer Message(int field, ProtocolBuffer message) => Bytes(field, message.Span);

    /// <summary>A field that is bytes.</summary>
    public ProtocolBuffer Bytes(int field, ReadOnlySpan<byte> bytes)
    {
        Varint(((ulong)field << 3) | 2);
        Varint((ulong)bytes.Length);
        bytes.CopyTo(Take(bytes.Length));
        return this;
    }

    private void Varint(ulong value)
    {
        while (value >= 0x80)
        {
            Take(1)[0] = unchecked((byte)(value | 0x80));
            value >>= 7;
        }

        Take(1)[0] = (byte)value;
    }

    private Span<byte> Take(int count)
    {
        if (Length + count > _bytes.Length) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
        Length += count;
        return _bytes.AsSpan(Length - count, count);
    }
}
