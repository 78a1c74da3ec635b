namespace XenBlock.XenStore;

/// <summary>Puts messages together from bytes that arrive in any portions. Holds at most one message.</summary>
internal sealed class XsPacketReader
{
    private readonly byte[] _header = new byte[XsHeader.SizeBytes];
    private byte[]? _payload;
    private int _filled;

    /// <summary>
    /// The length that a message claimed, if it was more than the protocol allows: no more can be read.
    /// </summary>
    public uint? OversizeBytes { get; private set; }

    /// <summary>True if part of a message is here.</summary>
    public bool IsMidPacket => _payload is not null || _filled > 0;

    /// <summary>
    /// Takes bytes off the front of <paramref name="bytes"/> until a message is complete; false if more are needed, or
    /// the message is too long.
    /// </summary>
    public bool TryRead(ref ReadOnlySpan<byte> bytes, out XsPacket packet)
    {
        packet = default;
        if (OversizeBytes is not null) return false;
        if (_payload is null)
        {
            if (!Fill(_header, ref bytes)) return false;
            uint lengthBytes = XsHeader.Read(_header).LengthBytes;
            if (lengthBytes > XsHeader.PayloadMaxBytes)
            {
                OversizeBytes = lengthBytes;
                return false;
            }

            _payload = new byte[lengthBytes];
            _filled = 0;
        }

        if (!Fill(_payload, ref bytes)) return false;
        XsHeader header = XsHeader.Read(_header);
        packet = new XsPacket(header.Operation, header.RequestId, header.TransactionId, _payload);
        _payload = null;
        _filled = 0;
        return true;
    }

    private bool Fill(byte[] target, ref ReadOnlySpan<byte> bytes)
    {
        int count = Math.Min(target.Length - _filled, bytes.Length);
        bytes[..count].CopyTo(target.AsSpan(_filled));
        bytes = bytes[count..];
        _filled += count;
        return _filled == target.Length;
    }
}
