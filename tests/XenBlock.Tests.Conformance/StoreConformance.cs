using XenBlock.Hypervisor;
using Xunit;

namespace XenBlock.Tests.Conformance;

/// <summary>XenStore as far as two ends of a device need it.</summary>
public abstract class StoreConformance<TProvider> : ConformanceTest<TProvider>
    where TProvider : IHypervisorProvider, new()
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_domain_has_a_directory_of_its_own()
    {
        string home = await Granter.Store.GetDomainPathAsync(Granter.DomainId);

        Assert.Equal($"/local/domain/{Granter.DomainId.Value}", home);
        await Granter.Store.WriteAsync("data/word", "hello");
        Assert.Equal("hello", await Granter.Store.ReadAsync($"{home}/data/word"));
        Assert.Contains("word", (await Granter.Store.ListAsync("data"))!);
        Assert.True(await Granter.Store.RemoveAsync("data"));
        Assert.Null(await Granter.Store.ReadAsync("data/word"));
    }

    [Fact]
    public async Task A_peer_reads_what_it_may_and_its_watch_fires()
    {
        string path = await Granter.Store.GetDomainPathAsync(Granter.DomainId) + "/data/shared";
        await Granter.Store.WriteAsync(path, "1");
        await Granter.Store.SetPermissionsAsync(
            path, [$"n{Granter.DomainId.Value}", $"r{Mapper.DomainId.Value}"]);
        await using IXenStoreWatch watch = await Mapper.Store.WatchAsync(path);
        Assert.Equal(path, await watch.NextAsync().AsTask().WaitAsync(s_deadline));

        await Granter.Store.WriteAsync(path, "2");

        Assert.Equal(path, await watch.NextAsync().AsTask().WaitAsync(s_deadline));
        Assert.Equal("2", await Mapper.Store.ReadAsync(path));
    }

    [Fact]
    public async Task Who_may_not_write_or_read_does_not()
    {
        IHypervisor stranger = Stranger;
        string path = await Granter.Store.GetDomainPathAsync(Granter.DomainId) + "/data/shared";
        await Granter.Store.WriteAsync(path, "1");
        await Granter.Store.SetPermissionsAsync(
            path, [$"n{Granter.DomainId.Value}", $"r{Mapper.DomainId.Value}"]);

        Assert.Equal("1", await Mapper.Store.ReadAsync(path));
        await Assert.ThrowsAsync<XenBlockException>(() => Mapper.Store.WriteAsync(path, "3"));
        await Assert.ThrowsAsync<XenBlockException>(() => stranger.Store.ReadAsync(path));
    }

    [Fact]
    public async Task A_transaction_is_seen_whole()
    {
        await Granter.Store.TransactAsync(async store =>
        {
            await store.WriteAsync("data/a", "1");
            Assert.Null(await Granter.Store.ReadAsync("data/a"));
            await store.WriteAsync("data/b", "2");
        });

        Assert.Equal("1", await Granter.Store.ReadAsync("data/a"));
        Assert.Equal("2", await Granter.Store.ReadAsync("data/b"));
        _ = await Granter.Store.RemoveAsync("data");
    }
}
