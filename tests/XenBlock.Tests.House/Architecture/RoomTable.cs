namespace XenBlock.Tests.House.Architecture;

/// <summary>
/// Which room may see which, and which may be unsafe: read from the table in ARCHITECTURE.md, so that the document
/// cannot say one thing and the build another.
/// </summary>
internal static class RoomTable
{
    private const string Document = "ARCHITECTURE.md";

    /// <summary>The rows, by the room's full name.</summary>
    public static IReadOnlyDictionary<string, Room> Rooms { get; } = Read(Repository.File(Document));

    public static IReadOnlyDictionary<string, Room> Read(SourceFile document) =>
        Markdown.Table(document, "room").ToDictionary(
            row => "XenBlock." + row[0].Trim('`'),
            row => new Room(
                row[2] is "-" or "everything" ? [] : [.. row[2].Split(',').Select(name => "XenBlock." + name.Trim())],
                SeesEverything: row[2] == "everything",
                MayBeUnsafe: row[3] == "yes"),
            StringComparer.Ordinal);

    /// <summary>Those of <paramref name="seen"/> that the room may not see.</summary>
    public static IEnumerable<string> Forbidden(Room room, IEnumerable<string> seen) => room.SeesEverything
        ? []
        : seen.Where(name => name.StartsWith("XenBlock.", StringComparison.Ordinal) && !room.MaySee.Contains(name));
}
