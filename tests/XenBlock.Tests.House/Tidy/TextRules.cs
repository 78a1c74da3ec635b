using System.Globalization;
using System.Text.RegularExpressions;

namespace XenBlock.Tests.House.Tidy;

/// <summary>No line over 120 columns; a row of a table and a long address cannot be broken.</summary>
internal sealed class LineLengthRule : TidyRule
{
    private const int ColumnsMax = 120;

    public override IReadOnlyList<SourceFile> Broken =>
        [new("src/A.cs", new string('x', ColumnsMax + 1)), new("docs/a.md", new string('x', ColumnsMax + 1))];

    public override IReadOnlyList<SourceFile> Kept =>
        [new("src/A.cs", new string('x', ColumnsMax)), new("docs/a.md", "| " + new string('x', ColumnsMax) + " |")];

    public override bool AppliesTo(SourceFile file) => file.Is(".cs", ".md", ".c", ".h") || file.IsScript;

    public override IEnumerable<Violation> Check(SourceFile file) => Lines(
        file,
        line => new StringInfo(line).LengthInTextElements > ColumnsMax
            && !(file.Is(".md") && (line.StartsWith('|') || line.Contains("](http", StringComparison.Ordinal))),
        $"a line of more than {ColumnsMax} columns: break it");
}

/// <summary>No C# file over 400 lines: a file that long is two subjects.</summary>
internal sealed class FileLengthRule : TidyRule
{
    private const int LinesMax = 400;

    public override IReadOnlyList<SourceFile> Broken => [new("src/A.cs", new string('\n', LinesMax + 1))];

    public override IReadOnlyList<SourceFile> Kept => [new("src/A.cs", new string('\n', LinesMax))];

    public override bool AppliesTo(SourceFile file) => file.Is(".cs");

    public override IEnumerable<Violation> Check(SourceFile file)
    {
        int lines = file.Lines.Length - 1; // the last piece is what follows the last line's end: nothing
        if (lines > LinesMax) yield return new Violation(file.Path, 0, $"{lines} lines, at most {LinesMax}: split it");
    }
}

/// <summary>Spaces only, none at the end of a line, one line feed at the end, no control characters.</summary>
internal sealed class WhiteSpaceRule : TidyRule
{
    public override IReadOnlyList<SourceFile> Broken =>
    [
        new("src/A.cs", "\tint a;\n"), new("a.md", "text \n"), new("b.sh", "true"), new("src/B.cs", "a\r\n"),
        new("src/C.cs", "\u0007\n"), new("src/D.cs", "a\n\n"),
    ];

    public override IReadOnlyList<SourceFile> Kept => [new("src/A.cs", "    int a; // ünïcode\n")];

    public override bool AppliesTo(SourceFile file) => file.Text.Length > 0 && !file.Is(".txt");

    public override IEnumerable<Violation> Check(SourceFile file)
    {
        foreach (Violation violation in Lines(file, line => line.EndsWith(' '), "white space at the end of a line"))
            yield return violation;
        foreach (Violation violation in Lines(file, line => line.Any(char.IsControl), "a tab or a control character"))
            yield return violation;
        if (!file.Text.EndsWith('\n'))
            yield return new Violation(file.Path, file.Lines.Length, "no line feed at the end");
        else if (file.Text.EndsWith("\n\n", StringComparison.Ordinal))
            yield return new Violation(file.Path, file.Lines.Length, "empty lines at the end");
    }
}

/// <summary>What is unfinished is an issue or a "pending" in SPECIFICATION.md, not a mark in the source.</summary>
internal sealed class UnfinishedMarkRule : TidyRule
{
    // Put together, so that the rule does not find itself.
    private static readonly string[] Marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK:"];

    public override IReadOnlyList<SourceFile> Broken =>
        [new("src/A.cs", $"// {Marks[0]}: later\n"), new("a.md", Marks[1])];

    public override IReadOnlyList<SourceFile> Kept => [new("src/A.cs", "// the disk's methods\n")];

    public override bool AppliesTo(SourceFile file) => true;

    public override IEnumerable<Violation> Check(SourceFile file) => Lines(
        file,
        line => Marks.Any(mark => line.Contains(mark, StringComparison.Ordinal)),
        "an unfinished mark: finish it, or say \"pending\" where the promise stands");
}

/// <summary>Nothing that is true on one computer only.</summary>
internal sealed partial class MachinePathRule : TidyRule
{
    private static readonly string[] Everywhere = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/"];

    public override IReadOnlyList<SourceFile> Broken =>
        [new("docs/a.md", $"see {Everywhere[0]}x"), new("README.md", "cp a /tmp/b"), new("src/A.cs", Everywhere[2])];

    public override IReadOnlyList<SourceFile> Kept =>
        [new("docs/a.md", "the socket is /tmp/xenblk-1000/machine.sock"), new("src/A.cs", "\"/tmp/x\"")];

    public override bool AppliesTo(SourceFile file) => true;

    public override IEnumerable<Violation> Check(SourceFile file) => Lines(
        file,
        line => Everywhere.Any(path => line.Contains(path, StringComparison.Ordinal))
            || (file.Is(".md") && OwnFolder().Replace(line, "").Contains("/tmp/", StringComparison.Ordinal)),
        "a path of one computer: use a relative one");

    // Where the machine's socket is by default, per user: that one is true everywhere.
    [GeneratedRegex("/tmp/xenblk-")]
    private static partial Regex OwnFolder();
}
