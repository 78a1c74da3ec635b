using System.Globalization;

namespace XenBlock.Protocol;

/// <summary>Reads the values of XenStore keys, which a peer wrote and may have written badly (S18, S28).</summary>
internal static class PeerText
{
    /// <summary>The longest piece of a peer's text that we repeat in a sentence.</summary>
    private const int QuoteMax = 40;

    /// <summary>A value without the spaces, line ends and zero bytes that some tools leave around it.</summary>
    public static ReadOnlySpan<char> Trim(string? value) => value.AsSpan().Trim(" \t\r\n\0");

    /// <summary>Reads a decimal number; false if it is none or too large.</summary>
    public static bool TryRead(string? value, ulong max, out ulong number) =>
        ulong.TryParse(Trim(value), NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= max;

    /// <summary>A peer's text, short and harmless enough for a sentence.</summary>
    public static string Quote(string value)
    {
        string head = value.Length > QuoteMax ? value[..QuoteMax] + "..." : value;
        return $"'{string.Concat(head.Select(c => char.IsControl(c) ? '?' : c))}'";
    }

}
