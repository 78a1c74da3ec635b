namespace XenBlock.Cli.Output;

/// <summary>A table of plain text that looks the same on a terminal, in a file and in a mail.</summary>
internal sealed class TextTable(params string[] headings)
{
    private readonly List<string[]?> _rows = [];

    /// <summary>Columns that are read from the left; all others are numbers.</summary>
    public int LeftColumns { get; init; } = 1;

    /// <summary>Adds a row with one cell a heading.</summary>
    public void Add(params string[] cells)
    {
        if (cells.Length != headings.Length)
            throw new ArgumentException($"{cells.Length} cells under {headings.Length} headings.", nameof(cells));
        _rows.Add(cells);
    }

    /// <summary>Adds an empty line.</summary>
    public void AddGap() => _rows.Add(null);

    /// <summary>Writes headings, a rule, and the rows.</summary>
    public void WriteTo(TextWriter writer)
    {
        int[] widths = [.. headings.Select((heading, column) => Width(heading, column))];
        writer.WriteLine(Line(headings, widths));
        writer.WriteLine(string.Join("  ", widths.Select(width => new string('-', width))));
        foreach (string[]? row in _rows)
            writer.WriteLine(row is null ? "" : Line(row, widths));
    }

    private int Width(string heading, int column) =>
        Math.Max(heading.Length, _rows.Max(row => row?[column].Length) ?? 0);

    private string Line(string[] cells, int[] widths) => string.Join("  ", cells.Select((cell, column) =>
        column < LeftColumns ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))).TrimEnd();
}
