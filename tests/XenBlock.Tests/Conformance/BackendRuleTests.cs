using XenBlock.Emulator;
using XenBlock.Protocol;
using XenBlock.XenStore;
using Xunit;

namespace XenBlock.Tests.Conformance;

/// <summary>Every rule for backends finds a backend that breaks it, and passes one that does not.</summary>
public sealed class BackendRuleTests
{
    private static readonly VbdNumber _vbd = VbdName.Parse("xvda");

    public static TheoryData<string> Ids => [.. BackendCheck.Rules.Select(rule => rule.Id)];

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task A_rule_for_backends_finds_a_planted_breach(string id)
    {
        IReadOnlyList<RuleResult> results = await CheckAsync(id, only: id, TimeSpan.FromSeconds(0.5));
        RuleResult result = results.Single(result => result.Rule.Id == id);
        Assert.True(result.Verdict == Verdict.Failed, $"{result.Verdict}: {result.Finding}");
        Assert.NotEmpty(result.Finding);
        TestContext.Current.TestOutputHelper?.WriteLine($"{id}: {result.Finding}");
    }

    [Fact]
    public async Task A_backend_that_breaks_no_rule_fails_none()
    {
        IReadOnlyList<RuleResult> results = await CheckAsync(fault: null, only: null, TimeSpan.FromSeconds(5));
        Assert.Equal(BackendCheck.Rules, results.Select(result => result.Rule));
        Assert.Equal([], results.Where(result => result.Verdict == Verdict.Failed));
        Assert.Equal(
            ["read-only", "refuse-misaligned", "indirect-not-offered"],
            results.Where(result => result.Verdict == Verdict.NotApplicable).Select(result => result.Rule.Id));
    }

    [Fact]
    public async Task An_indirect_response_that_echoes_the_outer_operation_is_found()
    {
        IReadOnlyList<RuleResult> results =
            await CheckAsync("response-operation-indirect", only: null, TimeSpan.FromSeconds(5));
        RuleResult result = Assert.Single(results, result => result.Verdict == Verdict.Failed);
        Assert.Equal("response-operation", result.Rule.Id);
        Assert.Contains("Linux's frontend takes nothing but the inner", result.Finding, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rules_that_write_or_break_the_protocol_need_leave()
    {
        await using EmulatedMachine machine = EmulatedMachine.Create(
            new EmulatedMachineOptions { Mapping = GrantMappingMode.Table });
        await using EmulatedDomain back = machine.AddDomain(DomainId.Zero);
        await using EmulatedDomain front = machine.AddDomain(new DomainId(1));
        await VbdNodes.CreateAsync(
            back.Store, new VbdSpecification { Frontend = front.DomainId, Vbd = _vbd });
        await using var backend = new FaultyBackend(back, front.DomainId, _vbd, fault: null);
        new Random(5).NextBytes(backend.Disk);
        byte[] before = [.. backend.Disk];
        await backend.StartAsync();
        IReadOnlyList<RuleResult> results = await BackendCheck.RunAsync(front, _vbd, new CheckOptions());
        Assert.Equal(
            results.Where(result => result.Rule.Risk != RuleRisk.None).Select(result => result.Rule.Id),
            results.Where(result => result.Finding.Contains("needs --", StringComparison.Ordinal))
                .Select(result => result.Rule.Id));
        Assert.True(before.AsSpan().SequenceEqual(backend.Disk));
    }

    private static async Task<IReadOnlyList<RuleResult>> CheckAsync(string? fault, string? only, TimeSpan patience)
    {
        await using EmulatedMachine machine = EmulatedMachine.Create(
            new EmulatedMachineOptions { Mapping = GrantMappingMode.Table });
        await using EmulatedDomain back = machine.AddDomain(DomainId.Zero);
        await using EmulatedDomain front = machine.AddDomain(new DomainId(1));
        await VbdNodes.CreateAsync(back.Store, new VbdSpecification
        {
            Frontend = front.DomainId,
            Vbd = _vbd,
            IsReadOnly = fault is "read-only",
        });
        await using var backend = new FaultyBackend(back, front.DomainId, _vbd, fault);
        new Random(4).NextBytes(backend.Disk);
        await backend.StartAsync();
        return await BackendCheck.RunAsync(front, _vbd, new CheckOptions
        {
            MayWrite = true,
            MayBeHostile = true,
            Only = only is null ? null : new HashSet<string>([only]),
            Patience = patience,
        });
    }
}
