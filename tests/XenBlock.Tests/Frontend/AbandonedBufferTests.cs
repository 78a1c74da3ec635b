using XenBlock.Frontend;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Frontend;

/// <summary>Buffers of requests that were never answered: the backend may still write to them.</summary>
public sealed class AbandonedBufferTests
{
    private const int Page = ProtocolConstants.PageSizeBytes;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_buffer_that_was_under_way_is_rented_again_only_once_the_backend_let_go(bool grantsStay)
    {
        await using var rig = new PumpRig(new BackendOffer { Persistent = grantsStay });
        GrantedBuffer abandoned = rig.Buffers.Rent(Page);
        rig.Submit(BlockOperation.Read, 0, abandoned, at: 0, length: Page);
        rig.Pump.Publish();
        ScriptedRequest late = Assert.Single(rig.Backend.TakeAll());
        rig.Pump.Detach(BlockOperationStatus.PeerGone, keepWaiting: false);
        Assert.Equal(BlockOperationStatus.PeerGone, Assert.Single(rig.TakeCompleted()).Status);
        abandoned.Dispose();

        using (GrantedBuffer other = rig.Buffers.Rent(Page))
        {
            Assert.NotSame(abandoned, other);
            other.Span.Fill(1);
            rig.Backend.Transfer(late, [.. Enumerable.Repeat((byte)9, Page)]);
            Assert.All(other.Span.ToArray(), b => Assert.Equal(1, b));
            rig.Detach(BlockOperationStatus.PeerGone);
            using GrantedBuffer again = rig.Buffers.Rent(Page);
            Assert.Same(abandoned, again);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_buffer_that_the_backend_keeps_is_not_rented_again(bool isDisposedFirst)
    {
        await using var rig = new PumpRig(new BackendOffer());
        GrantedBuffer abandoned = rig.Buffers.Rent(Page);
        rig.Submit(BlockOperation.Read, 0, abandoned, at: 0, length: Page);
        if (isDisposedFirst) abandoned.Dispose();
        rig.Pump.Publish();
        rig.Backend.Hold(Assert.Single(Assert.Single(rig.Backend.TakeAll()).Segments).Grant);
        rig.Detach(BlockOperationStatus.PeerGone, backendLetsGo: false);
        if (!isDisposedFirst) abandoned.Dispose();
        using GrantedBuffer other = rig.Buffers.Rent(Page);
        Assert.NotSame(abandoned, other);
        rig.Backend.Dispose();
    }
}
