using Xunit;

namespace XenBlock.Tests.House.Tidy;

public sealed class TidyTests
{
    public static TheoryData<string> Rules => [.. TidyRule.All.Select(rule => rule.ToString())];

    [Theory]
    [MemberData(nameof(Rules))]
    public void The_repository_keeps_the_rule(string rule)
    {
        Violation[] violations = [.. Find(rule).CheckAll(Repository.Files)];
        Assert.True(violations.Length == 0, string.Join('\n', violations.AsEnumerable()));
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void A_rule_finds_every_planted_breach(string rule) => Assert.All(Find(rule).Broken, file =>
    {
        Assert.True(Find(rule).AppliesTo(file), $"{file.Path} is none of the rule's files");
        Assert.NotEmpty(Find(rule).Check(file));
    });

    [Theory]
    [MemberData(nameof(Rules))]
    public void A_rule_leaves_alone_what_keeps_it(string rule) =>
        Assert.All(Find(rule).Kept, file => Assert.False(Find(rule).CheckAll([file]).Any(), file.Path));

    [Theory]
    [MemberData(nameof(Rules))]
    public void An_exception_names_a_file_that_needs_it_and_a_reason(string rule) =>
        Assert.All(Find(rule).Exceptions, exception =>
        {
            Assert.NotEmpty(Find(rule).Check(Repository.File(exception.Key)));
            Assert.True(exception.Value.Length > 20, "say why");
        });

    [Fact]
    public void A_document_names_only_tests_that_exist() =>
        Assert.Empty(new NamedTestRule().CheckAll(Repository.Files));

    [Fact]
    public void The_repository_is_read_from_its_root()
    {
        Assert.Contains(Repository.Files, file => file.Path == "src/XenBlock.SharedMemory/SharedPages.cs");
        Assert.DoesNotContain(Repository.Files, file => file.IsUnder("artifacts/", ".git/"));
    }

    private static TidyRule Find(string name) => TidyRule.All.Single(rule => rule.ToString() == name);
}
