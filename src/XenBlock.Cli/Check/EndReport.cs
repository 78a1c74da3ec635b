namespace XenBlock.Cli.Check;

/// <summary>One end, held against every rule for its side.</summary>
/// <param name="End">"backend" or "frontend".</param>
/// <param name="Peer">Whose it is.</param>
/// <param name="PeerVersion">Its version; null if nobody knows.</param>
/// <param name="Disk">The disk that it was tried with, in words.</param>
/// <param name="Passed">Rules that it keeps.</param>
/// <param name="Failed">Rules that it breaks.</param>
/// <param name="NotApplicable">Rules that could not be tried, or say nothing about it.</param>
/// <param name="Rules">Every rule, in the order in which it was tried.</param>
internal sealed record EndReport(
    string End,
    string Peer,
    string? PeerVersion,
    string Disk,
    int Passed,
    int Failed,
    int NotApplicable,
    IReadOnlyList<RuleDocument> Rules)
{
    /// <summary>The peer with its version.</summary>
    public string PeerInWords() => PeerVersion is null ? Peer : $"{Peer} {PeerVersion}";
}
