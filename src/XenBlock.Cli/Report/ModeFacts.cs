namespace XenBlock.Cli.Report;

/// <summary>A mode of a run.</summary>
/// <param name="Name">As in the table.</param>
/// <param name="SegmentsWished">Segments of an indirect request that the frontend asked for; 0 for direct only.</param>
/// <param name="SegmentsAgreed">Segments that both sides agreed on.</param>
internal sealed record ModeFacts(string Name, int SegmentsWished, int SegmentsAgreed);
