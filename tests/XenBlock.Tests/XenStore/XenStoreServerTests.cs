using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.XenStore;
using Xunit;

namespace XenBlock.Tests.XenStore;

public sealed class XenStoreServerTests
{
    private static readonly DomainId Guest = new(1);

    [Fact]
    public async Task A_value_that_was_written_is_read()
    {
        await using var server = new XenStoreServer();
        await using IXenStore store = server.ConnectInProcess(DomainId.Zero);
        Assert.Null(await store.ReadAsync("/a/b"));
        await store.WriteAsync("/a/b", "one");
        Assert.Equal("one", await store.ReadAsync("/a/b"));
        Assert.Equal(["b"], await store.ListAsync("/a"));
        Assert.True(await store.RemoveAsync("/a"));
        Assert.False(await store.RemoveAsync("/a"));
        Assert.Null(await store.ListAsync("/a"));
    }

    [Fact]
    public async Task A_watch_fires_once_when_set_and_then_for_every_change()
    {
        await using var server = new XenStoreServer();
        await using IXenStore store = server.ConnectInProcess(DomainId.Zero);
        await using IXenStoreWatch watch = await store.WatchAsync("/a");
        Assert.Equal("/a", await watch.NextAsync());
        await store.WriteAsync("/a/b/c", "x");
        Assert.Equal("/a/b/c", await watch.NextAsync());
        await store.RemoveAsync("/a/b");
        Assert.Equal("/a/b", await watch.NextAsync());
    }

    [Fact]
    public async Task A_disk_is_made_listed_and_removed()
    {
        await using var server = new XenStoreServer();
        server.IntroduceDomain(Guest);
        await using IXenStore store = server.ConnectInProcess(DomainId.Zero);
        var specification = new VbdSpecification { Frontend = Guest, Vbd = VbdName.Parse("xvda") };
        await VbdNodes.CreateAsync(store, specification);
        var taken = await Assert.ThrowsAsync<XenBlockException>(() => VbdNodes.CreateAsync(store, specification));
        Assert.Equal(XenBlockErrorKind.InUse, taken.Kind);
        Assert.Contains("xvda of domain 1 is taken", taken.Message, StringComparison.Ordinal);
        VbdEntry entry = Assert.Single(await VbdNodes.ListAsync(store));
        Assert.Equal(XenbusState.Initialising, entry.BackendState);
        await using IXenStore guest = server.ConnectInProcess(Guest);
        Assert.Equal("51712", await guest.ReadAsync("device/vbd/51712/virtual-device"));
        Assert.Equal("w", await guest.ReadAsync("/local/domain/0/backend/vbd/1/51712/mode"));
        await guest.WriteAsync("device/vbd/51712/state", "3");
        await VbdNodes.RemoveAsync(store, Guest, specification.Vbd);
        Assert.Empty(await VbdNodes.ListAsync(store));
    }
}
