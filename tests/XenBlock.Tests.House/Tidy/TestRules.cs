using System.Text.RegularExpressions;

namespace XenBlock.Tests.House.Tidy;

/// <summary>A test that cannot fail is worse than none.</summary>
internal sealed partial class TestAssertsRule : TidyRule
{
    public override IReadOnlyList<SourceFile> Broken =>
        [new("tests/A.cs", "    [Fact]\n    public void It_works()\n    {\n        Run();\n    }\n")];

    public override IReadOnlyList<SourceFile> Kept =>
    [
        new("tests/A.cs", "    [Fact]\n    public void It_works() => Assert.True(Run());\n"),
        new("tests/B.cs", "    [Theory]\n    public void A()\n    {\n        AssertB();\n    }\n"),
        new("tests/C.cs", "    [Fact]\n    public void Always() =>\n        Gen.Int.Sample(a => a == a);\n"),
        new("tests/D.cs", """
                [Fact]
                public void Rings_agree() => Compare(1);

                private static void Compare(int a)
                {
                    Assert.Equal(1, a);
                }

            """),
    ];

    public override bool AppliesTo(SourceFile file) => file.Is(".cs") && file.IsUnder("tests/")
        && !file.IsUnder("tests/XenBlock.Tests.House/Tidy/");

    public override IEnumerable<Violation> Check(SourceFile file)
    {
        string[] helpers = [.. Helpers(file)];
        for (int i = 0; i < file.Lines.Length; i++)
        {
            if (!TestAttribute().IsMatch(file.Lines[i])) continue;
            string body = Member(file.Lines, i);
            if (!Assertion().IsMatch(body) && !helpers.Any(call => body.Contains(call, StringComparison.Ordinal)))
                yield return new Violation(file.Path, i + 1, "a test without an assertion");
        }
    }

    // Methods of the same file that assert for the tests that call them.
    private static IEnumerable<string> Helpers(SourceFile file)
    {
        for (int i = 0; i < file.Lines.Length; i++)
        {
            Match helper = Helper().Match(file.Lines[i]);
            if (helper.Success && Assertion().IsMatch(Member(file.Lines, i))) yield return helper.Groups[1].Value + "(";
        }
    }

    // To the closing brace at the attribute's own indentation; to the first semicolon if no brace opened there before.
    private static string Member(string[] lines, int attribute)
    {
        string indent = lines[attribute][..^lines[attribute].TrimStart().Length];
        int end = attribute;
        while (end < lines.Length - 1 && lines[end] != indent + "{" && !lines[end].EndsWith(';')) end++;
        if (lines[end] == indent + "{")
        {
            while (end < lines.Length - 1 && !lines[end].StartsWith(indent + "}", StringComparison.Ordinal)) end++;
        }

        return string.Join('\n', lines[attribute..(end + 1)]);
    }

    [GeneratedRegex(@"^\s*\[(?:Xunit\.)?(?:Fact|Theory)\b")]
    private static partial Regex TestAttribute();

    [GeneratedRegex(@"^\s*(?:private|internal|protected) (?:[\w.<>,?\[\]]+ )+(\w+)\(")]
    private static partial Regex Helper();

    // The last two are tables whose rows hold the expected answers.
    [GeneratedRegex(@"\bAssert\w*[.(<]|\.Sample\w*\(|\bExpect\w*[(<]|\bStoreTable\.Play\(|\btable\.Run\(")]
    private static partial Regex Assertion();
}

/// <summary>A test's name is a sentence with underscores.</summary>
internal sealed partial class TestNameRule : TidyRule
{
    public override IReadOnlyList<SourceFile> Broken =>
        [new("tests/A.cs", "    [Fact]\n    public void TestRing1()\n    {\n    }\n")];

    public override IReadOnlyList<SourceFile> Kept =>
        [new("tests/A.cs", "    [Theory]\n    [InlineData(1)]\n    public void Ring_wraps(int a)\n    {\n    }\n")];

    public override bool AppliesTo(SourceFile file) => file.Is(".cs") && file.IsUnder("tests/")
        && !file.IsUnder("tests/XenBlock.Tests.House/Tidy/");

    public override IEnumerable<Violation> Check(SourceFile file)
    {
        foreach ((int line, string name) in TestNames.In(file))
        {
            if (!name.Contains('_', StringComparison.Ordinal))
                yield return new Violation(file.Path, line, $"the test {name} has no sentence for a name");
        }
    }
}
