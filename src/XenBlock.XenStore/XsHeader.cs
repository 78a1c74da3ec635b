using System.Buffers.Binary;

namespace XenBlock.XenStore;

/// <summary>The 16 bytes before every message (<c>struct xsd_sockmsg</c>, xs_wire.h), all little-endian.</summary>
/// <param name="Operation">What it asks or says.</param>
/// <param name="RequestId">The caller's mark, echoed in the answer.</param>
/// <param name="TransactionId">The transaction, or 0.</param>
/// <param name="LengthBytes">Length of what follows.</param>
internal readonly record struct XsHeader(XsOperation Operation, uint RequestId, uint TransactionId, uint LengthBytes)
{
    /// <summary>Bytes of a header.</summary>
    public const int SizeBytes = 16;

    /// <summary><c>XENSTORE_PAYLOAD_MAX</c>: a longer message ends the connection.</summary>
    public const int PayloadMaxBytes = 4096;

    /// <summary>Reads a header.</summary>
    public static XsHeader Read(ReadOnlySpan<byte> source) => new(
        (XsOperation)BinaryPrimitives.ReadUInt32LittleEndian(source),
        BinaryPrimitives.ReadUInt32LittleEndian(source[4..]),
        BinaryPrimitives.ReadUInt32LittleEndian(source[8..]),
        BinaryPrimitives.ReadUInt32LittleEndian(source[12..]));

    /// <summary>Writes the header.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, (uint)Operation);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], RequestId);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], TransactionId);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], LengthBytes);
    }
}
