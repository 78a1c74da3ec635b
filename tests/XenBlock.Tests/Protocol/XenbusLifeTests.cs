using XenBlock.Backend;
using XenBlock.Emulator;
using XenBlock.Frontend;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Storage;
using XenBlock.XenStore;
using Xunit;
using State = XenBlock.Protocol.XenbusState;

namespace XenBlock.Tests.Protocol;

/// <summary>Our own ends, watched in XenStore while a disk is opened and closed, twice.</summary>
public sealed class XenbusLifeTests
{
    private static readonly DomainId _guest = new(3);
    private static readonly VbdNumber _xvda = VbdName.Parse("xvda");

    [Fact]
    public async Task Our_own_ends_go_only_where_the_protocol_lets_them()
    {
        await using var machine = EmulatedMachine.Create();
        await using EmulatedDomain dom0 = machine.AddDomain(DomainId.Zero);
        await using EmulatedDomain guest = machine.AddDomain(_guest);
        await VbdNodes.CreateAsync(dom0.Store, new VbdSpecification { Frontend = _guest, Vbd = _xvda });
        var frontend = new List<State>();
        var backend = new List<State>();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        Task watching = Task.WhenAll(
            CollectAsync(dom0.Store, VbdPaths.Frontend(_guest, _xvda), frontend, stop.Token),
            CollectAsync(dom0.Store, VbdPaths.Backend(DomainId.Zero, _guest, _xvda), backend, stop.Token));
        using var store = new MemoryBlockStore(1 << 20);
        await using (var blockBackend = BlockBackend.Create(dom0))
        {
            await blockBackend.ServeAsync(_guest, _xvda, store, cancellationToken: stop.Token);
            for (int round = 1; round <= 2; round++)
            {
                await using BlockDevice device = await BlockDevice.ConnectAsync(
                    guest, "xvda", cancellationToken: stop.Token);
                await device.WriteAsync(4096, new byte[4096], stop.Token);
                await SeenAsync(frontend, State.Connected, round, stop.Token);
            }
        }

        await SeenAsync(frontend, State.Closed, 1, stop.Token);
        await stop.CancelAsync();
        await watching;
        AssertLegal(XenbusEnd.Frontend, frontend);
        AssertLegal(XenbusEnd.Backend, backend);
        Assert.Contains(State.Connected, backend);
    }

    private static async Task CollectAsync(
        IXenStore store, string directory, List<State> states, CancellationToken cancellationToken)
    {
        try
        {
            await using IXenStoreWatch watch = await store.WatchAsync($"{directory}/state", cancellationToken);
            while (true)
            {
                await watch.NextAsync(cancellationToken);
                State state = XenbusTransitions.Parse(
                    await store.ReadAsync($"{directory}/state", cancellationToken));
                lock (states) states.Add(state);
            }
        }
        catch (OperationCanceledException)
        {
            // Seen enough.
        }
    }

    private static async Task SeenAsync(List<State> states, State state, int times, CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (states)
            {
                int seen = 0;
                for (int i = 0; i < states.Count; i++)
                {
                    if (states[i] == state && (i == 0 || states[i - 1] != state)) seen++;
                }

                if (seen >= times) return;
            }

            await Task.Delay(5, cancellationToken);
        }
    }

    private static void AssertLegal(XenbusEnd end, List<State> states)
    {
        for (int i = 1; i < states.Count; i++)
        {
            Assert.True(
                XenbusTransitions.IsLegal(end, states[i - 1], states[i]),
                $"the {end} went from {states[i - 1]} to {states[i]}: {string.Join(' ', states)}");
        }
    }
}
