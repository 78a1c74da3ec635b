using System.Text;

namespace XenBlock.XenStore;

/// <summary>One message: header and payload.</summary>
/// <param name="Operation">What it asks or says.</param>
/// <param name="RequestId">The caller's mark.</param>
/// <param name="TransactionId">The transaction, or 0.</param>
/// <param name="Payload">What follows the header, at most <see cref="XsHeader.PayloadMaxBytes"/>; a private
/// copy.</param>
internal readonly record struct XsPacket(
    XsOperation Operation, uint RequestId, uint TransactionId, ReadOnlyMemory<byte> Payload)
{
    /// <summary>The message as it stands on the wire.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[XsHeader.SizeBytes + Payload.Length];
        new XsHeader(Operation, RequestId, TransactionId, (uint)Payload.Length).Write(bytes);
        Payload.Span.CopyTo(bytes.AsSpan(XsHeader.SizeBytes));
        return bytes;
    }

    /// <summary>Strings, each followed by a zero byte.</summary>
    public static byte[] Strings(params ReadOnlySpan<string> strings)
    {
        int lengthBytes = 0;
        foreach (string text in strings) lengthBytes += Encoding.UTF8.GetByteCount(text) + 1;
        var payload = new byte[lengthBytes];
        int offset = 0;
        foreach (string text in strings) offset += Encoding.UTF8.GetBytes(text, payload.AsSpan(offset)) + 1;
        return payload;
    }

    /// <summary>Takes the string before the next zero byte off the front; false if there is no zero byte.</summary>
    public static bool TryTakeString(ref ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> text)
    {
        int end = payload.IndexOf((byte)0);
        if (end < 0)
        {
            text = default;
            return false;
        }

        text = payload[..end];
        payload = payload[(end + 1)..];
        return true;
    }

    /// <summary>All strings of a payload; the last one may lack its zero byte.</summary>
    public static List<string> SplitStrings(ReadOnlySpan<byte> payload)
    {
        var strings = new List<string>();
        while (TryTakeString(ref payload, out ReadOnlySpan<byte> text)) strings.Add(Encoding.UTF8.GetString(text));
        if (!payload.IsEmpty) strings.Add(Encoding.UTF8.GetString(payload));
        return strings;
    }
}
