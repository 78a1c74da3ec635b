using System.Diagnostics;
using Xunit;

namespace XenBlock.Tests.House.Documents;

public sealed class DocumentTests
{
    /// <summary>The tests that run the snippets of README.md.</summary>
    private const string Snippets = "tests/XenBlock.Tests/Readme/";

    private static readonly string[] ProtocolTables = ["feature", "operation", "property", "way", "step"];

    private static readonly string[] Expected =
    [
        "README.md", "ARCHITECTURE.md", "PROTOCOL.md", "SPECIFICATION.md", "CHANGELOG.md", "CONTRIBUTING.md",
        "docs/glossary.md", "docs/threat-model.md", "docs/walkthrough.md",
    ];

    [Fact]
    public void The_documents_are_there() => Assert.All(Expected, path => Assert.NotEmpty(Repository.File(path).Text));

    [Fact]
    public void The_first_screen_of_the_readme_has_the_two_commands()
    {
        string screen = string.Join('\n', Repository.File("README.md").Lines.Take(40));
        Assert.Contains("./xenblk bench --quick", screen, StringComparison.Ordinal);
        Assert.Contains("./x test", screen, StringComparison.Ordinal);
    }

    // A snippet that does not compile teaches distrust: the same lines stand in a test, which runs them.
    [Fact]
    public void The_snippets_of_the_readme_are_the_lines_of_a_test()
    {
        string test = string.Concat(Repository.Under(Snippets, ".cs").Select(file => Squeeze(file.Text)));
        string[] snippets = [.. Markdown.Code(Repository.File("README.md"), "csharp")];
        Assert.NotEmpty(snippets);
        Assert.All(snippets, snippet => Assert.Contains(Squeeze(snippet), test, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_promise_has_a_test_or_says_pending()
    {
        IReadOnlyList<string[]> promises = Markdown.Table(Repository.File("SPECIFICATION.md"), "promise");
        Assert.NotEmpty(promises);
        Assert.All(promises, row => Assert.True(IsProved(row[^1]), $"{row[0]}: neither a test nor the word pending"));
        Assert.False(IsProved("trust me"));
    }

    [Fact]
    public void Every_feature_of_the_protocol_says_yes_partly_or_no()
    {
        SourceFile document = Repository.File("PROTOCOL.md");
        string[][] features = [.. ProtocolTables.SelectMany(heading => Markdown.Table(document, heading))];
        Assert.NotEmpty(features);
        Assert.All(features, row => Assert.All(
            row[1..3], cell => Assert.Contains(cell.Split(' ', '(', ',')[0], new[] { "yes", "partly", "no", "-" })));
        Assert.All(
            features.Where(row => (row[1] + row[2]).Contains("yes", StringComparison.Ordinal)),
            row => Assert.True(IsProved(row[^1]), $"{row[0]} is said to work, but by no test"));
    }

    [Fact]
    public void The_decisions_are_numbered_without_gaps()
    {
        string[] names =
            [.. Repository.Under("docs/decisions/", ".md").Select(file => Path.GetFileName(file.Path)[..4])];
        Assert.NotEmpty(names);
        Assert.Equal(Enumerable.Range(1, names.Length).Select(n => $"{n:D4}"), names);
    }

    [Fact]
    public void The_manual_of_the_door_names_every_command()
    {
        SourceFile door = Repository.File("x");
        string[] commands =
        [
            "build", "test", "native", "oracle", "litmus", "bench", "coverage", "testbed", "fuzz", "soak", "tidy", "ci",
            "diagnose",
        ];
        Assert.All(commands, command => Assert.Contains($"#   ./x {command}", door.Text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("xenblk")]
    [InlineData(".ci/run")]
    [InlineData("build/stamp.sh")]
    [InlineData("bench/peers.sh")]
    [InlineData("samples/appliance/build.sh")]
    [InlineData("packaging/hotplug/block-xenblk")]
    [InlineData("tests/XenBlock.Fuzz/fuzz.sh")]
    [InlineData("testbed/boot.sh")]
    [InlineData("testbed/build.sh")]
    [InlineData("testbed/host.sh")]
    [InlineData("testbed/testbed.sh")]
    [InlineData("testbed/guest/bed.sh")]
    [InlineData("testbed/guest/runner.sh")]
    public void A_script_parses(string path)
    {
        var check = new ProcessStartInfo("bash", ["-n", path]) { WorkingDirectory = Repository.Root };
        using Process bash = Process.Start(check)!;
        bash.WaitForExit();
        Assert.Equal(0, bash.ExitCode);
    }

    private static bool IsProved(string cell) =>
        cell.Contains("pending", StringComparison.Ordinal) || cell.Contains('`', StringComparison.Ordinal);

    private static string Squeeze(string code) =>
        string.Join('\n', code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));
}
