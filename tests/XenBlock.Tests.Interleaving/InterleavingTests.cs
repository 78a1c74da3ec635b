using Xunit;

namespace XenBlock.Tests.Interleaving;

/// <summary>
/// The real rings and pumps under every schedule of their accesses to the ring, their notifications and their calls of
/// the hypervisor. Each promise has its control: the same with a mistake, which must be found.
/// </summary>
public sealed class InterleavingTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly Grounds _grounds = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _grounds.DisposeAsync();

    [Fact]
    public void No_wake_up_is_lost_under_any_schedule_of_two_writes() =>
        AssertFine(new Explorer(), run => new WakeUpScenario(_grounds, run, writes: 2));

    [Fact]
    public void No_wake_up_is_lost_under_any_schedule_with_store_buffers() => AssertFine(
        new Explorer { HasStoreBuffers = true }, run => new WakeUpScenario(_grounds, run, writes: 2, writesBefore: 1));

    [Fact]
    public void A_backend_that_does_not_look_again_is_found() => AssertFound(
        new Explorer(), run => new WakeUpScenario(_grounds, run, writes: 2, backendForgets: true), "wake-up was lost");

    [Fact]
    public void A_frontend_that_does_not_look_again_is_found() => AssertFound(
        new Explorer(), run => new WakeUpScenario(_grounds, run, writes: 2, frontendForgets: true), "wake-up was lost");

    [Fact]
    public void A_full_barrier_that_does_nothing_is_found() => AssertFound(
        new Explorer { HasStoreBuffers = true, BarriersWork = false },
        run => new WakeUpScenario(_grounds, run, writes: 2, writesBefore: 1),
        "wake-up was lost");

    [Fact]
    public void Teardown_at_any_step_leaves_nothing_mapped_and_completes_each_write_once() =>
        AssertFine(new Explorer(), run => new TeardownScenario(_grounds, run, writes: 1));

    [Fact]
    public void A_teardown_that_forgets_to_unmap_is_found() => AssertFound(
        new Explorer(), run => new TeardownScenario(_grounds, run, writes: 1, forgetsToUnmap: true), "pages");

    [Fact]
    public void A_backend_killed_at_any_step_is_replaced_and_each_write_is_done_and_completed_once() =>
        AssertFine(new Explorer(), run => new ReplayScenario(_grounds, run, writes: 1));

    [Fact]
    public void A_replay_that_does_an_answered_write_again_is_found() => AssertFound(
        new Explorer(), run => new ReplayScenario(_grounds, run, writes: 1, doesTwice: true), "write");

    private void AssertFine(Explorer explorer, Func<Execution, Scenario> scenario)
    {
        string? wrong = explorer.Explore(scenario);
        output.WriteLine(explorer.ToString());
        Assert.True(wrong is null, $"after {explorer}: {wrong}");
        Assert.True(explorer.Runs > 20, $"only {explorer}");
    }

    private void AssertFound(Explorer explorer, Func<Execution, Scenario> scenario, string word)
    {
        string? wrong = explorer.Explore(scenario);
        output.WriteLine($"{explorer}; found: {wrong?.Split('\n')[0]}");
        Assert.True(wrong is not null, $"nothing was found in {explorer}");
        Assert.Contains(word, wrong, StringComparison.Ordinal);
    }
}
