using XenBlock.Hypervisor;
using Xunit;

namespace XenBlock.Tests.Conformance;

/// <summary>Event channels.</summary>
public abstract class EventChannelConformance<TProvider> : ConformanceTest<TProvider>
    where TProvider : IHypervisorProvider, new()
{
    // Long enough for any machine; reached only where something is wrong.
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_channel_is_unbound_until_the_peer_binds()
    {
        using IEventChannel near = Granter.EventChannels.AllocateUnbound(Mapper.DomainId);
        Assert.Equal(EventChannelState.Unbound, near.State);
        Assert.NotEqual(0u, near.LocalPort.Value);

        using IEventChannel far = Mapper.EventChannels.BindInterdomain(Granter.DomainId, near.LocalPort);

        Assert.Equal(EventChannelState.Interdomain, near.State);
        Assert.Equal(EventChannelState.Interdomain, far.State);
    }

    [Fact]
    public void Binding_fires_once_without_a_cause()
    {
        using IEventChannel near = Granter.EventChannels.AllocateUnbound(Mapper.DomainId);
        using IEventChannel far = Mapper.EventChannels.BindInterdomain(Granter.DomainId, near.LocalPort);

        Assert.True(far.TryTake());
        Assert.False(far.TryTake());
    }

    [Fact]
    public void Binding_wakes_the_maker()
    {
        using IEventChannel near = Granter.EventChannels.AllocateUnbound(Mapper.DomainId);
        Assert.False(near.Wait(TimeSpan.Zero));
        using IEventChannel far = Mapper.EventChannels.BindInterdomain(Granter.DomainId, near.LocalPort);

        Assert.True(near.Wait(s_deadline));
        Assert.Equal(EventChannelState.Interdomain, near.State);
    }

    [Fact]
    public void Sends_coalesce_and_are_counted()
    {
        (IEventChannel near, IEventChannel far) = Connect();
        for (int i = 0; i < 5; i++)
            near.Notify();

        Assert.True(far.TryTake());
        Assert.False(far.TryTake());
        Assert.Equal((5L, 0L), (near.NotificationsSent, far.NotificationsSent));
        far.Notify();
        Assert.True(near.Wait(TimeSpan.Zero));
        Assert.False(near.Wait(TimeSpan.Zero));
        Close(near, far);
    }

    [Fact]
    public void A_send_wakes_the_waiter()
    {
        (IEventChannel near, IEventChannel far) = Connect();
        using Waiter waiter = new(far, s_deadline);

        near.Notify();

        Assert.True(waiter.Result());
        Close(near, far);
    }

    [Fact]
    public void Waiting_ends_when_the_time_runs_out()
    {
        (IEventChannel near, IEventChannel far) = Connect();

        Assert.False(far.Wait(TimeSpan.FromMilliseconds(20)));
        near.Notify();
        Assert.True(far.Wait(TimeSpan.FromMilliseconds(20)));
        Close(near, far);
    }

    [Fact]
    public void Our_own_side_can_wake_the_waiter()
    {
        (IEventChannel near, IEventChannel far) = Connect();
        using Waiter waiter = new(far, s_deadline);

        far.Wake();

        Assert.True(waiter.Result());
        far.Wake();
        Assert.False(far.TryTake());
        Assert.True(far.Wait(TimeSpan.Zero));
        Close(near, far);
    }

    [Fact]
    public void A_masked_channel_holds_events_back_and_loses_none()
    {
        (IEventChannel near, IEventChannel far) = Connect();
        far.Mask();
        near.Notify();

        Assert.False(far.TryTake());
        Assert.False(far.Wait(TimeSpan.FromMilliseconds(10)));
        using Waiter waiter = new(far, s_deadline);
        far.Unmask();

        Assert.True(waiter.Result());
        Close(near, far);
    }

    [Fact]
    public void A_masked_waiter_can_still_be_woken_by_its_own_side()
    {
        (IEventChannel near, IEventChannel far) = Connect();
        far.Mask();
        near.Notify();
        far.Wake();

        Assert.True(far.Wait(s_deadline));
        Assert.False(far.TryTake());
        far.Unmask();
        Assert.True(far.TryTake());
        Close(near, far);
    }

    [Fact]
    public void Closing_one_end_tells_and_wakes_the_other()
    {
        (IEventChannel near, IEventChannel far) = Connect();
        using Waiter waiter = new(far, s_deadline);

        near.Dispose();

        Assert.True(waiter.Result());
        Assert.Equal(EventChannelState.PeerClosed, far.State);
        Assert.Equal(EventChannelState.Closed, near.State);
        far.Dispose();
        Assert.Equal(EventChannelState.Closed, far.State);
    }

    [Fact]
    public void Closing_our_own_end_wakes_our_own_waiter()
    {
        (IEventChannel near, IEventChannel far) = Connect();
        using Waiter waiter = new(far, s_deadline);

        far.Dispose();

        Assert.True(waiter.Result());
        Assert.Equal(EventChannelState.PeerClosed, near.State);
        near.Dispose();
    }

    [Fact]
    public void A_send_without_a_peer_is_dropped()
    {
        using IEventChannel near = Granter.EventChannels.AllocateUnbound(Mapper.DomainId);
        near.Notify();
        (IEventChannel other, IEventChannel far) = Connect();
        far.Dispose();
        other.Notify();

        long counted = Provider.KnowsDroppedSends ? 0 : 1;
        Assert.Equal((counted, counted), (near.NotificationsSent, other.NotificationsSent));
        Assert.False(near.TryTake());
        other.Dispose();
        other.Notify();
        Assert.Equal(counted, other.NotificationsSent);
    }

    [Fact]
    public void Nobody_else_can_bind_and_nobody_can_bind_twice()
    {
        using IEventChannel near = Granter.EventChannels.AllocateUnbound(Mapper.DomainId);

        Assert.Equal(
            XenBlockErrorKind.NotFound,
            Assert.Throws<XenBlockException>(
                () => Stranger.EventChannels.BindInterdomain(Granter.DomainId, near.LocalPort)).Kind);
        using IEventChannel far = Mapper.EventChannels.BindInterdomain(Granter.DomainId, near.LocalPort);
        Assert.Throws<XenBlockException>(
            () => Mapper.EventChannels.BindInterdomain(Granter.DomainId, near.LocalPort));
        Assert.Throws<XenBlockException>(() => Mapper.EventChannels.BindInterdomain(Granter.DomainId, new(0)));
        Assert.Throws<XenBlockException>(
            () => Mapper.EventChannels.BindInterdomain(Granter.DomainId, new(uint.MaxValue)));
        Assert.Throws<XenBlockException>(() => Mapper.EventChannels.BindInterdomain(new(1234), new(1)));
    }

    [Fact]
    public void A_channel_can_be_bound_again_after_the_peer_closed_it()
    {
        (IEventChannel near, IEventChannel far) = Connect();
        far.Dispose();
        Assert.Equal(EventChannelState.PeerClosed, near.State);

        using IEventChannel again = Mapper.EventChannels.BindInterdomain(Granter.DomainId, near.LocalPort);

        Assert.Equal(EventChannelState.Interdomain, near.State);
        near.Notify();
        Assert.True(again.TryTake());
        near.Dispose();
    }

    [Fact]
    public void Channels_do_not_mix()
    {
        (IEventChannel near, IEventChannel far)[] pairs = [Connect(), Connect(), Connect()];

        pairs[1].near.Notify();

        Assert.Equal([false, true, false], pairs.Select(pair => pair.far.TryTake()));
        foreach ((IEventChannel near, IEventChannel far) in pairs)
            Close(near, far);
    }

    [Fact]
    public async Task Two_threads_can_play_ping_pong_and_lose_no_ball()
    {
        const int Rounds = 2_000;
        (IEventChannel near, IEventChannel far) = Connect();
        Task<int> other = Task.Factory.StartNew(
            () =>
            {
                int taken = 0;
                while (taken < Rounds && far.Wait(s_deadline))
                {
                    taken++;
                    far.Notify();
                }

                return taken;
            },
            TaskCreationOptions.LongRunning);
        int answered = 0;
        for (int i = 0; i < Rounds; i++)
        {
            near.Notify();
            answered += near.Wait(s_deadline) ? 1 : 0;
        }

        Assert.Equal(Rounds, answered);
        Assert.Equal(Rounds, await other);
        Close(near, far);
    }

    private static void Close(IEventChannel near, IEventChannel far)
    {
        near.Dispose();
        far.Dispose();
    }

    /// <summary>A connected pair with nothing pending.</summary>
    private (IEventChannel Near, IEventChannel Far) Connect()
    {
        IEventChannel near = Granter.EventChannels.AllocateUnbound(Mapper.DomainId);
        IEventChannel far = Mapper.EventChannels.BindInterdomain(Granter.DomainId, near.LocalPort);
        _ = far.Wait(TimeSpan.Zero);
        _ = near.Wait(TimeSpan.Zero);
        return (near, far);
    }
}
