using System.Buffers;
using System.Text;
using XenBlock.Protocol;

namespace XenBlock.XenStore;

/// <summary>A path that was checked: absolute, or the name of a special event. Equal if the text is.</summary>
/// <param name="Text">As "/", "/local/domain/1" or "@releaseDomain".</param>
internal readonly record struct StorePath(string Text)
{
    /// <summary><c>XENSTORE_ABS_PATH_MAX</c> (xs_wire.h).</summary>
    public const int AbsoluteMaxBytes = 3072;

    /// <summary><c>XENSTORE_REL_PATH_MAX</c> (xs_wire.h).</summary>
    public const int RelativeMaxBytes = 2048;

    private static readonly SearchValues<byte> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-/_@"u8);

    /// <summary>The root.</summary>
    public static StorePath Root => new("/");

    /// <summary>True for the root.</summary>
    public bool IsRoot => Text.Length == 1;

    /// <summary>True for the name of an event that is not a node.</summary>
    public bool IsSpecial => Text[0] == '@';

    /// <summary>The path above; the root's is the root.</summary>
    public StorePath Parent => Text.LastIndexOf('/') is > 0 and int slash ? new(Text[..slash]) : Root;

    /// <summary>A domain's directory, what its relative paths start from.</summary>
    public static StorePath Home(DomainId domain) => new($"/local/domain/{domain.Value}");

    /// <summary>The names from the root down; none for the root.</summary>
    public string[] Names() => IsRoot ? [] : Text[1..].Split('/');

    /// <summary>True if <paramref name="other"/> is this path or below it.</summary>
    public bool Contains(StorePath other) =>
        other.Text.StartsWith(Text, StringComparison.Ordinal)
        && (other.Text.Length == Text.Length || (IsRoot ? !other.IsSpecial : other.Text[Text.Length] == '/'));

    /// <summary>
    /// Checks a path that a caller sent: allowed characters, no empty names, length. A relative one starts from the
    /// caller's own directory.
    /// </summary>
    /// <param name="raw">The bytes, without the zero byte.</param>
    /// <param name="domain">The caller.</param>
    /// <param name="path">The absolute path.</param>
    /// <returns>False if it is not a path.</returns>
    public static bool TryParse(ReadOnlySpan<byte> raw, DomainId domain, out StorePath path)
    {
        path = Root;
        if (raw.IsEmpty || raw.ContainsAnyExcept(Allowed)) return false;
        if (raw[0] == '@')
        {
            path = new StorePath(Encoding.ASCII.GetString(raw));
            return raw.Length <= RelativeMaxBytes && !raw.Contains((byte)'/');
        }

        bool isAbsolute = raw[0] == '/';
        if (raw.Length > (isAbsolute ? AbsoluteMaxBytes : RelativeMaxBytes)) return false;
        if (raw.IndexOf("//"u8) >= 0 || (raw[^1] == '/' && raw.Length > 1)) return false;
        string text = Encoding.ASCII.GetString(raw);
        path = new StorePath(isAbsolute ? text : $"{Home(domain).Text}/{text}");
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Text;
}
