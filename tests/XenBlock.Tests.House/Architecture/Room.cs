namespace XenBlock.Tests.House.Architecture;

/// <summary>A row of the table of rooms.</summary>
internal sealed record Room(IReadOnlyList<string> MaySee, bool SeesEverything, bool MayBeUnsafe);
