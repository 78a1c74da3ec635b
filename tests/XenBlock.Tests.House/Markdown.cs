namespace XenBlock.Tests.House;

/// <summary>As much of Markdown as the rules need.</summary>
internal static class Markdown
{
    /// <summary>The lines that are not in a fenced block, with their numbers from 1.</summary>
    public static IEnumerable<(int Number, string Text)> OutsideCode(SourceFile file)
    {
        bool inCode = false;
        for (int i = 0; i < file.Lines.Length; i++)
        {
            if (IsFence(file.Lines[i])) inCode = !inCode;
            else if (!inCode) yield return (i + 1, file.Lines[i]);
        }
    }

    /// <summary>The fenced blocks of one language, each with its lines joined and ended.</summary>
    public static IEnumerable<string> Code(SourceFile file, string language)
    {
        List<string>? block = null;
        bool inCode = false;
        foreach (string line in file.Lines)
        {
            if (IsFence(line))
            {
                if (block is not null) yield return string.Concat(block.Select(text => text + "\n"));
                block = !inCode && line.Trim() == "```" + language ? [] : null;
                inCode = !inCode;
            }
            else
            {
                block?.Add(line);
            }
        }
    }

    /// <summary>The anchors of the headings, as the usual renderers make them.</summary>
    public static HashSet<string> Anchors(SourceFile file) =>
    [
        .. OutsideCode(file)
            .Where(line => line.Text.StartsWith('#'))
            .Select(line => Anchor(line.Text.TrimStart('#').Trim())),
    ];

    /// <summary>The rows of the table whose first heading is <paramref name="firstHeading"/>, cells trimmed.</summary>
    public static IReadOnlyList<string[]> Table(SourceFile file, string firstHeading)
    {
        string[] lines = [.. OutsideCode(file).Select(line => line.Text)];
        int head = Array.FindIndex(lines, line => line.StartsWith('|') && Cells(line)[0] == firstHeading);
        return head < 0
            ? throw new InvalidDataException($"{file.Path} has no table that starts with {firstHeading}")
            : [.. lines.Skip(head + 2).TakeWhile(line => line.StartsWith('|')).Select(Cells)];
    }

    private static bool IsFence(string line) => line.TrimStart().StartsWith("```", StringComparison.Ordinal);

    private static string[] Cells(string row) => [.. row.Trim().Trim('|').Split('|').Select(cell => cell.Trim())];

    private static string Anchor(string heading) => string.Concat(heading.ToLowerInvariant()
        .Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')
        .Select(c => c == ' ' ? '-' : c));
}
