using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Conformance;

/// <summary>Every rule for frontends finds a frontend that breaks it, and passes one that does not.</summary>
public sealed class FrontendRuleTests
{
    private static readonly VbdNumber _vbd = VbdName.Parse("xvda");

    public static TheoryData<string> Ids => [.. FrontendCheck.Rules.Select(rule => rule.Id)];

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task A_rule_for_frontends_finds_a_planted_breach(string id)
    {
        IReadOnlyList<RuleResult> results = await CheckAsync(id, only: id, TimeSpan.FromSeconds(1.5));
        RuleResult result = Assert.Single(results);
        Assert.True(result.Verdict == Verdict.Failed, $"{result.Verdict}: {result.Finding}");
        Assert.NotEmpty(result.Finding);
        TestContext.Current.TestOutputHelper?.WriteLine($"{id}: {result.Finding}");
    }

    [Fact]
    public async Task A_frontend_that_breaks_no_rule_fails_none()
    {
        IReadOnlyList<RuleResult> results = await CheckAsync(fault: null, only: null, TimeSpan.FromSeconds(5));
        Assert.Equal(FrontendCheck.Rules, results.Select(result => result.Rule));
        Assert.Equal([], results.Where(result => result.Verdict != Verdict.Passed));
    }

    [Fact]
    public async Task A_frontend_that_never_comes_is_a_sentence()
    {
        await using EmulatedMachine machine = EmulatedMachine.Create();
        await using EmulatedDomain back = machine.AddDomain(DomainId.Zero);
        await using EmulatedDomain front = machine.AddDomain(new DomainId(1));
        XenBlockException exception = await Assert.ThrowsAsync<XenBlockException>(() => FrontendCheck.RunAsync(
            back,
            front.DomainId,
            _vbd,
            new AbsentFrontend(back, front.DomainId, _vbd),
            new FrontendCheckOptions { Check = new CheckOptions { Patience = TimeSpan.FromSeconds(0.3) } }));
        Assert.Contains("publishes no ring", exception.Message, StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<RuleResult>> CheckAsync(string? fault, string? only, TimeSpan patience)
    {
        await using EmulatedMachine machine = EmulatedMachine.Create(
            new EmulatedMachineOptions { Mapping = GrantMappingMode.Table });
        await using EmulatedDomain back = machine.AddDomain(DomainId.Zero);
        await using EmulatedDomain front = machine.AddDomain(new DomainId(1));
        return await FrontendCheck.RunAsync(
            back,
            front.DomainId,
            _vbd,
            new FaultyFrontend(back, front, _vbd, fault),
            new FrontendCheckOptions
            {
                Check = new CheckOptions
                {
                    MayBeHostile = true,
                    Only = only is null ? null : new HashSet<string>([only]),
                    Patience = patience,
                },
                DiskBytes = 8 << 20,
                TrafficLimit = TimeSpan.FromSeconds(20),
            });
    }
}
