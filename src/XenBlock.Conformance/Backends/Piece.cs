namespace XenBlock.Conformance;

/// <summary>A segment of a request, by the index of its data page.</summary>
/// <param name="Page">Which data page.</param>
/// <param name="First">First 512-byte sector in it.</param>
/// <param name="Last">Last 512-byte sector in it, inclusive.</param>
internal readonly record struct Piece(int Page, int First = 0, int Last = 7)
{
    public int SectorCount => Last - First + 1;

    /// <summary>Whole pages.</summary>
    public static Piece[] Pages(int count, int firstPage = 0) =>
        [.. Enumerable.Range(firstPage, count).Select(page => new Piece(page))];
}
