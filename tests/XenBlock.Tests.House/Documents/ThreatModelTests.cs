using System.Globalization;
using Xunit;

namespace XenBlock.Tests.House.Documents;

/// <summary>docs/threat-model.md has a row for each requirement, and each a test with its number in its name.</summary>
public sealed class ThreatModelTests
{
    private const int RequirementsMax = 29;

    [Fact]
    public void Every_requirement_has_a_row_and_a_test_of_its_number()
    {
        string[] tests = [.. Repository.Under("tests/", ".cs").SelectMany(TestNames.In).Select(test => test.Name)];
        Assert.Empty(WhatIsWrong(Repository.File("docs/threat-model.md"), tests));
    }

    [Theory]
    [InlineData("| S1 | a | b | c | `S1_a_b` |", 28)]
    [InlineData("| S1 | a | b | c | `S1_a_b` |\n| S1 | a | b | c | `S1_a_b` |", 29)]
    [InlineData("| S1 | a | b | c | `S2_a_b` |", 29)]
    [InlineData("| S1 | a | b | c | `S1_c_d` |", 29)]
    [InlineData("| S30 | a | b | c | `S1_a_b` |", 30)]
    public void A_row_that_lacks_something_is_found(string rows, int mistakes)
    {
        var document = new SourceFile("docs/a.md", $"# A\n\n| number | what |\n|---|---|\n{rows}\n");
        Assert.Equal(mistakes, WhatIsWrong(document, ["S1_a_b", "S2_a_b"]).Count());
    }

    private static IEnumerable<string> WhatIsWrong(SourceFile document, IReadOnlyCollection<string> tests)
    {
        ILookup<string, string> rows = Markdown.Table(document, "number").ToLookup(row => row[0], row => row[^1]);
        for (int number = 1; number <= RequirementsMax; number++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"S{number}");
            string[] cells = [.. rows[name]];
            if (cells.Length != 1)
            {
                yield return $"{name} has {cells.Length} rows";
                continue;
            }

            string[] named = [.. cells[0].Split('`').Where((_, index) => index % 2 == 1)];
            if (!named.Any(test => test.StartsWith(name + "_", StringComparison.Ordinal)))
                yield return $"{name} names no test {name}_...";
            else if (!named.All(tests.Contains))
                yield return $"{name} names a test that is not there";
        }

        foreach (string name in rows.Select(row => row.Key))
        {
            bool isKnown = int.TryParse(name.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                && number is >= 1 and <= RequirementsMax;
            if (!isKnown) yield return $"{name} is no requirement";
        }
    }
}
