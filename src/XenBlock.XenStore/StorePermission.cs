using System.Globalization;
using XenBlock.Protocol;

namespace XenBlock.XenStore;

/// <summary>One entry of a node's permissions: a letter and a domain, as "r1".</summary>
/// <param name="Rights">Read, write, both ("b") or neither ("n").</param>
/// <param name="Domain">Whose.</param>
internal readonly record struct StorePermission(StoreRights Rights, DomainId Domain)
{
    /// <summary>Reads "n0", "r1", "w2" or "b3".</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out StorePermission permission)
    {
        permission = default;
        if (text.Length < 2 || !char.IsAsciiDigit((char)text[1])) return false;
        StoreRights? rights = (char)text[0] switch
        {
            'n' => StoreRights.None,
            'r' => StoreRights.Read,
            'w' => StoreRights.Write,
            'b' => StoreRights.Read | StoreRights.Write,
            _ => null,
        };
        if (rights is null) return false;
        if (!ushort.TryParse(text[1..], NumberStyles.None, CultureInfo.InvariantCulture, out ushort domain))
            return false;
        permission = new StorePermission(rights.Value, new DomainId(domain));
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{"nrwb"[(int)Rights]}{Domain.Value}";
}
