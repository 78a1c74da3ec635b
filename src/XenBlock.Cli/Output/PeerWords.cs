namespace XenBlock.Cli.Output;

/// <summary>What a peer wrote for people to read, made fit for a sentence of ours.</summary>
internal static class PeerWords
{
    private const int LengthMax = 200;

    /// <summary>Without control characters, and not too long: a guest may write what it likes.</summary>
    public static string Of(string words) =>
        string.Concat(words.Take(LengthMax).Select(c => char.IsControl(c) ? ' ' : c)).Trim();
}
