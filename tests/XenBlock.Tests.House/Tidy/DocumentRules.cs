using System.Text.RegularExpressions;

namespace XenBlock.Tests.House.Tidy;

/// <summary>A document has one title, in its first line.</summary>
internal sealed class OneTitleRule : TidyRule
{
    public override IReadOnlyList<SourceFile> Broken =>
        [new("a.md", "# One\n\n# Two\n"), new("b.md", "text\n\n# Late\n"), new("c.md", "no title\n")];

    public override IReadOnlyList<SourceFile> Kept => [new("a.md", "# One\n\n```bash\n# a comment\n```\n\n## Part\n")];

    public override bool AppliesTo(SourceFile file) => file.Is(".md");

    public override IEnumerable<Violation> Check(SourceFile file)
    {
        int titles = Markdown.OutsideCode(file).Count(line => line.Text.StartsWith("# ", StringComparison.Ordinal));
        if (titles != 1) yield return new Violation(file.Path, 0, $"{titles} titles, must be one");
        if (!file.Text.StartsWith("# ", StringComparison.Ordinal))
            yield return new Violation(file.Path, 1, "the title is not the first line");
    }
}

/// <summary>A link within the repository leads to a file, and its anchor to a heading of it.</summary>
internal sealed partial class LinkRule : TidyRule
{
    public override IReadOnlyList<SourceFile> Broken =>
        [new("docs/a.md", "# A\n\n[b](no-such.md)\n"), new("a.md", "# A\n\n[b](README.md#no-such-heading)\n")];

    public override IReadOnlyList<SourceFile> Kept =>
        [new("docs/a.md", "# A\n\n[b](../README.md) [c](https://example.org/no-such) [d](#a)\n")];

    public override bool AppliesTo(SourceFile file) => file.Is(".md");

    public override IEnumerable<Violation> Check(SourceFile file)
    {
        foreach ((int line, string text) in Markdown.OutsideCode(file))
        {
            foreach (Match link in Link().Matches(text))
            {
                string? wrong = WhatIsWrong(file, link.Groups[1].Value);
                if (wrong is not null) yield return new Violation(file.Path, line, wrong);
            }
        }
    }

    private static string? WhatIsWrong(SourceFile from, string target)
    {
        if (target.Contains("://", StringComparison.Ordinal)) return null;
        string[] parts = target.Split('#', 2);
        SourceFile to = from;
        if (parts[0].Length > 0)
        {
            string folder = Path.Combine(Repository.Root, Path.GetDirectoryName(from.Path) ?? "");
            string full = Path.GetFullPath(Path.Combine(folder, parts[0]));
            if (!File.Exists(full) && !Directory.Exists(full)) return $"the link {target} leads nowhere";
            if (parts.Length == 1 || !full.EndsWith(".md", StringComparison.Ordinal)) return null;
            to = new SourceFile(parts[0], File.ReadAllText(full));
        }

        return parts.Length == 1 || Markdown.Anchors(to).Contains(parts[1])
            ? null
            : $"{target}: there is no such heading";
    }

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}

/// <summary>A test that a document names exists, and a name that looks like one is one.</summary>
internal sealed partial class NamedTestRule : TidyRule
{
    private static readonly Lazy<HashSet<string>> Names = new(() =>
        [.. Repository.Under("tests/", ".cs").SelectMany(TestNames.In).Select(test => test.Name)]);

    public override IReadOnlyList<SourceFile> Broken =>
        [new("PROTOCOL.md", "# P\n\n| direct | yes | `There_is_no_test_of_this_name` |\n")];

    public override IReadOnlyList<SourceFile> Kept =>
        [new("SPECIFICATION.md", "# S\n\n`A_document_names_only_tests_that_exist` and `feature_x`\n")];

    public override bool AppliesTo(SourceFile file) => file.Is(".md");

    public override IEnumerable<Violation> Check(SourceFile file)
    {
        foreach ((int line, string text) in Markdown.OutsideCode(file))
        {
            foreach (Match name in TestName().Matches(text))
            {
                if (!Names.Value.Contains(name.Groups[1].Value))
                    yield return new Violation(file.Path, line, $"there is no test {name.Groups[1].Value}");
            }
        }
    }

    // A capital, then words with underscores between them, at least three: a sentence, not a constant of C.
    [GeneratedRegex("`([A-Z][A-Za-z0-9]*_[a-z0-9][A-Za-z0-9]*_[A-Za-z0-9_]+)`")]
    private static partial Regex TestName();
}
