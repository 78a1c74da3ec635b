using System.Globalization;

namespace XenBlock.Cli.Output;

/// <summary>Sizes as people type and read them. K, M, G, T are powers of 1,024; a bare number is bytes.</summary>
internal static class ByteSize
{
    private static readonly string[] s_units = ["", "K", "M", "G", "T"];

    /// <summary>Reads "4K", "44KiB", "1M", "45056".</summary>
    /// <returns>False if it is not a size, or does not fit in 63 bits.</returns>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        string trimmed = text.Trim().ToUpperInvariant();
        if (trimmed.EndsWith("IB", StringComparison.Ordinal))
            trimmed = trimmed[..^2];
        else if (trimmed.EndsWith('B'))
            trimmed = trimmed[..^1];
        int power = trimmed.Length == 0 ? 0 : Math.Max(0, Array.IndexOf(s_units, trimmed[^1..]));
        string digits = power == 0 ? trimmed : trimmed[..^1];
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            || number > long.MaxValue >> (10 * power))
            return false;
        bytes = number << (10 * power);
        return true;
    }

    /// <summary>As "1.69 GiB", "5.85 MiB", "512 B": how much it was, for people; three digits or more.</summary>
    public static string About(long bytes)
    {
        int power = 0;
        double rest = bytes;
        for (; rest >= 1024 && power < s_units.Length - 1; power++)
            rest /= 1024;
        string format = rest >= 100 ? "N0" : rest >= 10 ? "0.#" : "0.##";
        string number = rest.ToString(format, CultureInfo.InvariantCulture);
        return power == 0 ? number + " B" : $"{number} {s_units[power]}iB";
    }

    /// <summary>As "44 KiB", "1 MiB", "45,057 B": exact where it is a whole number of units.</summary>
    public static string Format(long bytes)
    {
        int power = 0;
        long rest = bytes;
        while (rest >= 1024 && rest % 1024 == 0 && power < s_units.Length - 1)
        {
            rest >>= 10;
            power++;
        }

        string number = rest.ToString("N0", CultureInfo.InvariantCulture);
        return power == 0 ? number + " B" : $"{number} {s_units[power]}iB";
    }
}
