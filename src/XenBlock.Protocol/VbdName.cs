using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace XenBlock.Protocol;

/// <summary>
/// Names of virtual block devices, both ways: xvda, xvdb3, sda1, hdc, d16p1, 51712, 0xca00
/// (docs/man/xen-vbd-interface.7.pandoc).
/// </summary>
public static class VbdName
{
    /// <summary>Disks that a name can count; xvda is disk 0.</summary>
    public const int DisksMax = 1 << 20;

    /// <summary>Partitions of a disk that a name can count, with 0 for the whole disk.</summary>
    public const int PartitionsMax = 256;

    private const uint XvdMajor = 202;
    private const uint SdMajor = 8;
    private const uint FirstIdeMajor = 3;
    private const uint SecondIdeMajor = 22;
    private const uint Extended = 1u << 28;
    private const string Examples = "write a name as xvda, xvdb3, sda, hda or d16p1, or a number as 51712 or 0xca00";

    /// <summary>Reads a name or a number.</summary>
    /// <exception cref="FormatException">It is neither; the message says what is wrong with it.</exception>
    public static VbdNumber Parse(string text) =>
        TryParse(text, out VbdNumber number, out string? problem) ? number : throw new FormatException(problem);

    /// <summary>Reads a name or a number.</summary>
    /// <param name="text">What somebody wrote.</param>
    /// <param name="number">The device's number.</param>
    /// <param name="problem">What is wrong with the text, and what to write instead.</param>
    public static bool TryParse(string? text, out VbdNumber number, [NotNullWhen(false)] out string? problem)
    {
        number = default;
        if (string.IsNullOrEmpty(text))
        {
            problem = $"the vbd has no name: {Examples}";
            return false;
        }

        if (char.IsAsciiDigit(text[0])) return TryParseNumber(text, out number, out problem);
        if (text.StartsWith("xvd", StringComparison.Ordinal))
            return TryParseLetters(text, "xvd", DisksMax, PartitionsMax, out number, out problem);
        if (text.StartsWith("sd", StringComparison.Ordinal))
            return TryParseLetters(text, "sd", 16, 16, out number, out problem);
        if (text.StartsWith("hd", StringComparison.Ordinal))
            return TryParseLetters(text, "hd", 4, 64, out number, out problem);
        if (text.Length > 1 && text[0] == 'd' && char.IsAsciiDigit(text[1]))
            return TryParseCounted(text, out number, out problem);
        problem = $"'{text}' is no vbd: {Examples}";
        return false;
    }

    /// <summary>The name of a number: the shortest that <see cref="Parse"/> reads back as the same number.</summary>
    public static string Format(VbdNumber number)
    {
        uint value = number.Value;
        if ((value >> 28) == 1)
        {
            int disk = (int)((value >> 8) & (DisksMax - 1));
            int partition = (int)(value & 0xFF);

            // The short form of these is another number, so the long one has no name.
            return disk < 16 && partition < 16 ? number.Decimal : Letters("xvd", disk, partition);
        }

        int minor = (int)(value & 0xFF);
        return (value >> 8) switch
        {
            XvdMajor => Letters("xvd", minor >> 4, minor & 15),
            SdMajor => Letters("sd", minor >> 4, minor & 15),
            FirstIdeMajor when minor < 128 => Letters("hd", minor >> 6, minor & 63),
            SecondIdeMajor when minor < 128 => Letters("hd", 2 + (minor >> 6), minor & 63),
            _ => number.Decimal,
        };
    }

    private static VbdNumber Xvd(uint disk, uint partition) => new(disk < 16 && partition < 16
        ? (XvdMajor << 8) | (disk << 4) | partition
        : Extended | (disk << 8) | partition);

    private static VbdNumber Hd(uint disk, uint partition) =>
        new(((disk < 2 ? FirstIdeMajor : SecondIdeMajor) << 8) | ((disk & 1) << 6) | partition);

    private static string Letters(string prefix, int disk, int partition)
    {
        string letters = string.Empty;
        for (int rest = disk; rest >= 0; rest = (rest / 26) - 1) letters = (char)('a' + (rest % 26)) + letters;
        return partition == 0
            ? prefix + letters
            : string.Create(CultureInfo.InvariantCulture, $"{prefix}{letters}{partition}");
    }

    private static bool TryParseNumber(string text, out VbdNumber number, out string? problem)
    {
        bool isHex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        bool isRead = isHex
            ? uint.TryParse(
                text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint value)
            : uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
        bool isGood = isRead && value is > 0 and <= int.MaxValue;
        number = isGood ? new VbdNumber(value) : default;
        problem = isGood ? null : $"'{text}' is no vbd: a number has to be between 1 and {int.MaxValue}";
        return isGood;
    }

    private static bool TryParseLetters(
        string text, string prefix, int disksMax, int partitionsMax, out VbdNumber number, out string? problem)
    {
        number = default;
        int at = prefix.Length;
        int disk = -1;
        for (; at < text.Length && char.IsAsciiLetterLower(text[at]) && disk < disksMax; at++)
            disk = ((disk + 1) * 26) + (text[at] - 'a');
        if (disk < 0)
        {
            problem = $"'{text}' is no vbd: after {prefix} comes a small letter for the disk";
            return false;
        }

        if (disk >= disksMax)
        {
            problem = $"'{text}' is no vbd: the last {prefix} disk is {Letters(prefix, disksMax - 1, 0)}";
            return false;
        }

        if (!TryParseCount(text.AsSpan(at), partitionsMax, mayBeAbsent: true, out int partition))
        {
            problem = $"'{text}' is no vbd: after {text[..at]} may come a partition from 1 to {partitionsMax - 1}";
            return false;
        }

        problem = null;
        number = prefix switch
        {
            "xvd" => Xvd((uint)disk, (uint)partition),
            "sd" => new VbdNumber((SdMajor << 8) | ((uint)disk << 4) | (uint)partition),
            _ => Hd((uint)disk, (uint)partition),
        };
        return true;
    }

    private static bool TryParseCounted(string text, out VbdNumber number, out string? problem)
    {
        ReadOnlySpan<char> rest = text.AsSpan(1);
        int p = rest.IndexOf('p');
        ReadOnlySpan<char> diskText = p < 0 ? rest : rest[..p];
        ReadOnlySpan<char> partitionText = p < 0 ? default : rest[(p + 1)..];
        bool isDisk = int.TryParse(diskText, NumberStyles.None, CultureInfo.InvariantCulture, out int disk)
            && disk < DisksMax;
        bool isPartition = TryParseCount(partitionText, PartitionsMax, mayBeAbsent: p < 0, out int partition);
        bool isGood = isDisk && isPartition;
        number = isGood ? Xvd((uint)disk, (uint)partition) : default;
        problem = isGood
            ? null
            : $"'{text}' is no vbd: write d, a disk below {DisksMax}, for a partition p and 1 to {PartitionsMax - 1}";
        return isGood;
    }

    private static bool TryParseCount(ReadOnlySpan<char> digits, int limit, bool mayBeAbsent, out int count)
    {
        count = 0;
        if (digits.IsEmpty) return mayBeAbsent;
        return digits[0] != '0'
            && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out count)
            && count < limit;
    }
}
