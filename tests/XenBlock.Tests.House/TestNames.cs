using System.Text.RegularExpressions;

namespace XenBlock.Tests.House;

/// <summary>Finds the tests in a source file.</summary>
internal static partial class TestNames
{
    /// <summary>Line (from 1) and name of each method that carries a test attribute.</summary>
    public static IEnumerable<(int Line, string Name)> In(SourceFile file)
    {
        for (int i = 0; i < file.Lines.Length; i++)
        {
            if (!TestAttribute().IsMatch(file.Lines[i])) continue;
            for (int j = i; j < Math.Min(i + 60, file.Lines.Length); j++)
            {
                Match method = Method().Match(file.Lines[j]);
                if (!method.Success) continue;
                yield return (j + 1, method.Groups[1].Value);
                break;
            }
        }
    }

    [GeneratedRegex(@"^\s*\[(?:Xunit\.)?(?:Fact|Theory)\b")]
    private static partial Regex TestAttribute();

    [GeneratedRegex(@"\bpublic (?:[\w.<>]+ )+(\w+)\(")]
    private static partial Regex Method();
}
