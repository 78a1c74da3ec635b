using System.Text.RegularExpressions;

namespace XenBlock.Cli.CommandLine;

/// <summary>What the parser says of a value, in the words of who typed it: it names the types of the program.</summary>
internal static partial class ParseWords
{
    /// <summary>The same in other words where a type is named; else as it is.</summary>
    public static string Of(string message)
    {
        if (NotOfType().Match(message) is not { Success: true } match)
            return message;
        string kind = match.Groups["type"].Value switch
        {
            var type when type.Contains("Int", StringComparison.Ordinal) => "a whole number that it takes",
            var type when type.Contains("Double", StringComparison.Ordinal) => "a number",
            var type when type.Contains("Boolean", StringComparison.Ordinal) => "true or false",
            _ => "a value that it takes",
        };
        return $"{match.Groups["name"].Value} is \"{match.Groups["value"].Value}\", which is not {kind}";
    }

    [GeneratedRegex(
        "^Cannot parse argument '(?<value>.*)' for (option|command|argument) '(?<name>.*)' as expected type "
            + "'(?<type>.*)'",
        RegexOptions.ExplicitCapture | RegexOptions.Singleline)]
    private static partial Regex NotOfType();
}
