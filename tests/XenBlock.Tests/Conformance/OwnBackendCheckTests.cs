using XenBlock.Backend;
using XenBlock.Emulator;
using XenBlock.Protocol;
using XenBlock.Storage;
using XenBlock.XenStore;
using Xunit;

namespace XenBlock.Tests.Conformance;

/// <summary>Our own backend, held against every rule for backends.</summary>
public sealed class OwnBackendCheckTests
{
    private static readonly VbdNumber _vbd = VbdName.Parse("xvda");

    [Theory]
    [InlineData(PayloadAccess.Map)]
    [InlineData(PayloadAccess.Batch)]
    [InlineData(PayloadAccess.Persistent)]
    [InlineData(PayloadAccess.Copy)]
    public async Task Our_backend_breaks_no_rule_however_it_reaches_pages(PayloadAccess access)
    {
        using var store = new MemoryBlockStore(16 << 20);
        IReadOnlyList<RuleResult> results = await CheckAsync(store, new ServedDiskOptions { Access = access });
        Assert.DoesNotContain(results, result => result.Verdict == Verdict.Failed);
        Assert.True(results.Count(result => result.Verdict == Verdict.Passed) >= 50, $"{results.Count}");
    }

    [Fact]
    public async Task Our_backend_breaks_no_rule_with_a_read_only_disk()
    {
        using var store = new MemoryBlockStore(16 << 20);
        IReadOnlyList<RuleResult> results = await CheckAsync(store, new ServedDiskOptions(), isReadOnly: true);
        Assert.DoesNotContain(results, result => result.Verdict == Verdict.Failed);
        Assert.Equal(Verdict.Passed, results.Single(result => result.Rule.Id == "read-only").Verdict);
    }

    [Fact]
    public async Task Our_backend_breaks_no_rule_with_sectors_of_4_KiB_and_nothing_but_direct_requests()
    {
        using var store = new MemoryBlockStore(16 << 20, 4096);
        IReadOnlyList<RuleResult> results =
            await CheckAsync(store, new ServedDiskOptions { IndirectSegmentsMax = 0, RingPageOrderMax = 0 });
        Assert.DoesNotContain(results, result => result.Verdict == Verdict.Failed);
        Assert.Equal(Verdict.Passed, results.Single(result => result.Rule.Id == "refuse-misaligned").Verdict);
        Assert.Equal(Verdict.Passed, results.Single(result => result.Rule.Id == "indirect-not-offered").Verdict);
    }

    [Fact]
    public async Task What_was_on_the_disk_is_there_again_after_a_check_that_writes()
    {
        using var store = new MemoryBlockStore(16 << 20);
        byte[] before = new byte[16 << 20];
        new Random(3).NextBytes(before);
        store.CopyIn(0, before);
        await CheckAsync(store, new ServedDiskOptions());
        byte[] after = new byte[before.Length];
        store.CopyOut(0, after);
        Assert.True(before.AsSpan().SequenceEqual(after));
    }

    private static async Task<IReadOnlyList<RuleResult>> CheckAsync(
        IBlockStore store, ServedDiskOptions options, bool isReadOnly = false)
    {
        await using EmulatedMachine machine = EmulatedMachine.Create();
        await using EmulatedDomain back = machine.AddDomain(DomainId.Zero);
        await using EmulatedDomain front =
            machine.AddDomain(new DomainId(1), new EmulatedDomainOptions { MemoryBytes = 64 << 20 });
        await VbdNodes.CreateAsync(back.Store, new VbdSpecification
        {
            Frontend = front.DomainId,
            Vbd = _vbd,
            IsReadOnly = isReadOnly,
        });
        await using BlockBackend backend = BlockBackend.Create(back);
        await backend.ServeAsync(front.DomainId, _vbd, store, options);
        return await BackendCheck.RunAsync(
            front,
            _vbd,
            new CheckOptions { MayWrite = true, MayBeHostile = true, Patience = TimeSpan.FromSeconds(5) },
            result => TestContext.Current.TestOutputHelper?.WriteLine(
                $"{result.Verdict,-13} {result.Rule.Id,-22} {result.Finding}"));
    }
}
