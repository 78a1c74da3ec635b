namespace XenBlock.Cli.Report;

/// <summary>The disk of a run.</summary>
/// <param name="Path">The user's image, or null for a temporary one.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="SectorSizeBytes">Its sector.</param>
/// <param name="Store">What is behind the disk: file, memory, null, sd2014.</param>
internal sealed record ImageFacts(string? Path, long SizeBytes, int SectorSizeBytes, string Store);
