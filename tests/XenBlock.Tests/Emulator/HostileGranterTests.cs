using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Emulator;

/// <summary>A granter that writes what it likes into its own grant table.</summary>
public sealed class HostileGranterTests : IAsyncLifetime
{
    private const uint Permit = 1;

    private readonly EmulatedMachine _machine = EmulatedMachine.Create(new() { GrantEntriesMax = 64 });
    private EmulatedDomain _back = null!;
    private EmulatedDomain _front = null!;

    public ValueTask InitializeAsync()
    {
        _back = _machine.AddDomain(DomainId.Zero, new() { MemoryBytes = 1 << 16 });
        _front = _machine.AddDomain(new(1), new() { MemoryBytes = 1 << 16 });
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _front.DisposeAsync();
        await _back.DisposeAsync();
        await _machine.DisposeAsync();
    }

    [Theory]
    [InlineData(0u, GrantStatus.GeneralError)]
    [InlineData(2u, GrantStatus.GeneralError)]
    [InlineData(3u, GrantStatus.GeneralError)]
    [InlineData(Permit, GrantStatus.Okay)]
    [InlineData(Permit | (1u << 2), GrantStatus.PermissionDenied)]
    [InlineData(Permit | (5u << 16), GrantStatus.GeneralError)]
    [InlineData(0xFFFF_FFFF, GrantStatus.GeneralError)]
    public void Every_first_word_gets_its_verdict(uint word, GrantStatus expected)
    {
        Write(20, word, frame: 3);

        Assert.Equal(expected, Map(20, out _));
    }

    [Theory]
    [InlineData(15u, GrantStatus.Okay)]
    [InlineData(16u, GrantStatus.BadPage)]
    [InlineData(0x7FFF_FFFFu, GrantStatus.BadPage)]
    [InlineData(uint.MaxValue, GrantStatus.BadPage)]
    public void A_page_that_the_granter_does_not_have_is_refused(uint frame, GrantStatus expected)
    {
        Write(20, Permit, frame);

        Assert.Equal(expected, Map(20, out _));
        if (expected != GrantStatus.Okay)
            Assert.Equal(Permit, _machine.Memory.Pages.LoadAcquire(Entry(20)));
    }

    [Fact]
    public void Changing_the_page_of_a_grant_in_use_changes_nothing()
    {
        GrantablePages pages = _front.Grants.AllocatePages(DomainId.Zero, 2);
        pages.Pages.CopyIn(0, 111u);
        pages.Pages.CopyIn(4096, 222u);
        Write(20, Permit, frame: 0);
        Assert.Equal(GrantStatus.Okay, Map(20, out GrantMapping first));
        Write(20, _machine.Memory.Pages.LoadAcquire(Entry(20)), frame: 1);

        Assert.Equal(GrantStatus.Okay, Map(20, out GrantMapping second));

        Assert.Equal((111u, 111u), (first.Pages.CopyOut<uint>(0), second.Pages.CopyOut<uint>(0)));
        _back.Mapper.Unmap([first, second]);
        pages.Dispose();
    }

    [Fact]
    public void Taking_the_grant_away_while_it_is_mapped_does_not_confuse_the_counts()
    {
        Write(20, Permit, frame: 1);
        Assert.Equal(GrantStatus.Okay, Map(20, out GrantMapping mapping));
        Write(20, 0, frame: 0);

        _back.Mapper.Unmap([mapping]);

        Assert.Equal(0u, new GranterTable(_machine.Memory, _machine.Memory.SlotOf(new(1))).Pins);
        Assert.Equal(0u, _machine.Memory.Pages.LoadAcquire(Entry(20)));
        Assert.Equal(GrantStatus.GeneralError, Map(20, out _));
    }

    [Fact]
    public async Task A_granter_that_flips_its_flags_gets_a_verdict_and_stops_nobody()
    {
        using CancellationTokenSource stop = new();
        Write(20, Permit, frame: 1);
        Task flipper = Task.Factory.StartNew(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    // Only the bits that are the granter's to change; the hypervisor's are left alone.
                    uint word = _machine.Memory.Pages.LoadAcquire(Entry(20));
                    _ = _machine.Memory.Pages.CompareExchange(Entry(20), word ^ (1u << 2), word);
                }
            },
            TaskCreationOptions.LongRunning);
        HashSet<GrantStatus> seen = [];
        for (int i = 0; i < 3_000; i++)
        {
            GrantStatus status = Map(20, out GrantMapping mapping);
            _ = seen.Add(status);
            if (status == GrantStatus.Okay)
                _back.Mapper.Unmap([mapping]);
        }

        await stop.CancelAsync();
        await flipper;

        HashSet<GrantStatus> possible = [GrantStatus.Okay, GrantStatus.PermissionDenied, GrantStatus.GeneralError];
        Assert.Subset(possible, seen);
        Assert.Equal(0u, new GranterTable(_machine.Memory, _machine.Memory.SlotOf(new(1))).Pins);
        Assert.Equal(0u, _machine.Memory.Pages.LoadAcquire(Entry(20)) & GrantFlags.InUse);
    }

    private int Entry(uint reference) =>
        _machine.Memory.Layout.GrantEntry(_machine.Memory.SlotOf(new(1)), reference);

    private void Write(uint reference, uint word, uint frame)
    {
        _machine.Memory.Pages.CopyIn(Entry(reference) + 4, frame);
        _machine.Memory.Pages.StoreRelease(Entry(reference), word);
    }

    private GrantStatus Map(uint reference, out GrantMapping mapping) => _back.Mapper.Map(
        new(1), [new(reference)], GrantAccess.ReadWrite, new GrantStatus[1], out mapping);
}
