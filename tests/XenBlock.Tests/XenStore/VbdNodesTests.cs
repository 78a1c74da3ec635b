using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.XenStore;
using Xunit;

namespace XenBlock.Tests.XenStore;

public sealed class VbdNodesTests : IAsyncDisposable
{
    private const string Front = "/local/domain/1/device/vbd/51712";
    private const string Back = "/local/domain/2/backend/vbd/1/51712";

    private static readonly DomainId Guest = new(1);
    private static readonly DomainId Driver = new(2);
    private static readonly VbdSpecification Disk = new()
    {
        Frontend = Guest,
        Backend = Driver,
        Vbd = VbdName.Parse("xvda"),
        Params = "/images/disk.raw",
    };

    private readonly XenStoreServer _server = new();
    private readonly IXenStore _store;
    private readonly IXenStore _guest;
    private readonly IXenStore _driver;

    public VbdNodesTests()
    {
        _server.IntroduceDomain(Guest);
        _server.IntroduceDomain(Driver);
        _store = _server.ConnectInProcess(DomainId.Zero);
        _guest = _server.ConnectInProcess(Guest);
        _driver = _server.ConnectInProcess(Driver);
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _guest.DisposeAsync();
        await _driver.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_disk_has_the_keys_that_libxl_writes()
    {
        await VbdNodes.CreateAsync(_store, Disk);
        Assert.Equal(
            new SortedDictionary<string, string>(StringComparer.Ordinal)
            {
                ["backend"] = Back,
                ["backend-id"] = "2",
                ["device-type"] = "disk",
                ["state"] = "1",
                ["trusted"] = "1",
                ["virtual-device"] = "51712",
            },
            await KeysAsync(_guest, Front));
        Assert.Equal(
            new SortedDictionary<string, string>(StringComparer.Ordinal)
            {
                ["bootable"] = "0",
                ["dev"] = "xvda",
                ["device-type"] = "disk",
                ["discard-enable"] = "1",
                ["frontend"] = Front,
                ["frontend-id"] = "1",
                ["mode"] = "w",
                ["online"] = "1",
                ["params"] = "/images/disk.raw",
                ["removable"] = "0",
                ["state"] = "1",
                ["type"] = "phy",
            },
            await KeysAsync(_driver, Back));
    }

    [Fact]
    public async Task What_the_specification_says_is_written()
    {
        await VbdNodes.CreateAsync(_store, Disk with
        {
            Backend = DomainId.Zero,
            IsReadOnly = true,
            IsRemovable = true,
            IsBootable = true,
            IsTrusted = false,
            IsDiscardEnabled = false,
            DeviceType = "cdrom",
            Type = "qdisk",
        });
        SortedDictionary<string, string> back = await KeysAsync(_store, "/local/domain/0/backend/vbd/1/51712");
        Assert.Equal(
            ["r", "1", "1", "0", "cdrom", "qdisk"],
            new[] { "mode", "removable", "bootable", "discard-enable", "device-type", "type" }
                .Select(key => back[key]));
        Assert.Equal("0", await _guest.ReadAsync($"{Front}/trusted"));
    }

    [Fact]
    public async Task Each_end_owns_its_directory_and_reads_the_others()
    {
        await VbdNodes.CreateAsync(_store, Disk);
        foreach (string path in new[] { Front, $"{Front}/state" })
            Assert.Equal(["n1", "r2"], await _store.GetPermissionsAsync(path));
        foreach (string path in new[] { Back, $"{Back}/state" })
            Assert.Equal(["n2", "r1"], await _store.GetPermissionsAsync(path));
        await _guest.WriteAsync($"{Front}/ring-ref", "8");
        Assert.Equal("8", await _driver.ReadAsync($"{Front}/ring-ref"));
        await _driver.WriteAsync($"{Back}/state", "2");
        Assert.Equal("2", await _guest.ReadAsync($"{Back}/state"));
        await Assert.ThrowsAsync<XenBlockException>(() => _guest.WriteAsync($"{Back}/state", "6"));
        await Assert.ThrowsAsync<XenBlockException>(() => _driver.WriteAsync($"{Front}/state", "6"));
    }

    [Fact]
    public async Task A_vbd_that_is_taken_is_refused()
    {
        await VbdNodes.CreateAsync(_store, Disk);
        var failure = await Assert.ThrowsAsync<XenBlockException>(() => VbdNodes.CreateAsync(_store, Disk));
        Assert.Equal(XenBlockErrorKind.InUse, failure.Kind);
        Assert.Contains("xvda of domain 1 is taken", failure.Message, StringComparison.Ordinal);
        await _store.RemoveAsync(Front);
        await Assert.ThrowsAsync<XenBlockException>(() => VbdNodes.CreateAsync(_store, Disk));
    }

    [Theory]
    [InlineData(9, 2)]
    [InlineData(1, 9)]
    public async Task A_domain_that_is_not_there_is_refused_and_nothing_is_written(ushort frontend, ushort backend)
    {
        var failure = await Assert.ThrowsAsync<XenBlockException>(() => VbdNodes.CreateAsync(
            _store, Disk with { Frontend = new DomainId(frontend), Backend = new DomainId(backend) }));
        Assert.Equal(XenBlockErrorKind.NotFound, failure.Kind);
        Assert.Contains("There is no domain 9", failure.Message, StringComparison.Ordinal);
        Assert.Empty(await VbdNodes.ListAsync(_store));
    }

    [Fact]
    public async Task Disks_are_listed_whatever_else_is_there()
    {
        await VbdNodes.CreateAsync(_store, Disk with { Vbd = VbdName.Parse("xvdb"), IsReadOnly = true });
        await VbdNodes.CreateAsync(_store, Disk);
        await _driver.WriteAsync("backend/vbd/rubbish/1/x", "");
        await _driver.WriteAsync("backend/vbd/70000/1/x", "");
        await _driver.WriteAsync("backend/vbd/1/99999999999/x", "");
        await _driver.WriteAsync($"{Back}/state", "4");
        await _guest.WriteAsync($"{Front}/state", "gibberish");
        Assert.Equal(
            [
                new(
                    Guest,
                    Driver,
                    new VbdNumber(51712),
                    XenbusState.Unknown,
                    XenbusState.Connected,
                    false,
                    Disk.Params),
                new(
                    Guest,
                    Driver,
                    new VbdNumber(51728),
                    XenbusState.Initialising,
                    XenbusState.Initialising,
                    true,
                    Disk.Params),
            ],
            await VbdNodes.ListAsync(_store));
        await _store.RemoveAsync($"{Back}/params");
        Assert.Equal("", (await VbdNodes.ListAsync(_store))[0].Params);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("6")]
    [InlineData("nothing")]
    public async Task A_disk_that_nobody_serves_is_removed_at_once(string state)
    {
        await VbdNodes.CreateAsync(_store, Disk);
        await _driver.WriteAsync($"{Back}/state", state);
        await VbdNodes.RemoveAsync(_store, Guest, Disk.Vbd);
        Assert.Null(await _store.ReadAsync(Front));
        Assert.Null(await _store.ReadAsync("/local/domain/2/backend/vbd/1"));
        Assert.Empty(await VbdNodes.ListAsync(_store));
    }

    [Fact]
    public async Task A_disk_that_is_served_is_closed_first()
    {
        await VbdNodes.CreateAsync(_store, Disk);
        await VbdNodes.CreateAsync(_store, Disk with { Vbd = VbdName.Parse("xvdb") });
        await _driver.WriteAsync($"{Back}/state", "4");
        Task removing = VbdNodes.RemoveAsync(_store, Guest, Disk.Vbd);
        await UntilClosingAsync();
        Assert.Equal("0", await _driver.ReadAsync($"{Back}/online"));
        Assert.False(removing.IsCompleted);
        Assert.NotNull(await _store.ReadAsync(Front));
        await _driver.WriteAsync($"{Back}/state", "6");
        await removing;
        Assert.Equal(new VbdNumber(51728), Assert.Single(await VbdNodes.ListAsync(_store)).Vbd);
    }

    [Fact]
    public async Task A_backend_that_does_not_close_is_a_sentence_and_force_helps()
    {
        await VbdNodes.CreateAsync(_store, Disk);
        await _driver.WriteAsync($"{Back}/state", "4");
        var failure = await Assert.ThrowsAsync<XenBlockException>(
            () => VbdNodes.RemoveAsync(_store, Guest, Disk.Vbd, timeout: TimeSpan.FromMilliseconds(50)));
        Assert.Equal(XenBlockErrorKind.TimedOut, failure.Kind);
        Assert.Contains("did not close within", failure.Message, StringComparison.Ordinal);
        Assert.NotNull(await _store.ReadAsync(Front));
        await VbdNodes.RemoveAsync(_store, Guest, Disk.Vbd, force: true);
        Assert.Empty(await VbdNodes.ListAsync(_store));
    }

    [Fact]
    public async Task Who_gives_up_waiting_is_not_told_that_time_ran_out()
    {
        await VbdNodes.CreateAsync(_store, Disk);
        await _driver.WriteAsync($"{Back}/state", "4");
        using var giveUp = new CancellationTokenSource();
        Task removing = VbdNodes.RemoveAsync(_store, Guest, Disk.Vbd, cancellationToken: giveUp.Token);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => removing);
    }

    [Fact]
    public async Task A_backend_directory_that_goes_meanwhile_ends_the_wait()
    {
        await VbdNodes.CreateAsync(_store, Disk);
        await _driver.WriteAsync($"{Back}/state", "4");
        Task removing = VbdNodes.RemoveAsync(_store, Guest, Disk.Vbd);
        await UntilClosingAsync();
        await _store.RemoveAsync("/local/domain/2/backend/vbd");
        await removing.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Null(await _store.ReadAsync(Front));
    }

    [Fact]
    public async Task A_disk_that_is_not_there_cannot_be_removed()
    {
        var failure = await Assert.ThrowsAsync<XenBlockException>(
            () => VbdNodes.RemoveAsync(_store, Guest, Disk.Vbd));
        Assert.Equal(XenBlockErrorKind.NotFound, failure.Kind);
        Assert.Contains("Domain 1 has no xvda", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_frontend_cannot_send_the_toolstack_astray()
    {
        // S18: "backend" is the frontend's to write; removal must not follow it.
        await VbdNodes.CreateAsync(_store, Disk);
        await _store.WriteAsync("/precious", "x");
        await _guest.WriteAsync($"{Front}/backend", "/precious");
        await VbdNodes.RemoveAsync(_store, Guest, Disk.Vbd);
        Assert.Equal("x", await _store.ReadAsync("/precious"));
        Assert.Null(await _store.ReadAsync(Back));
    }

    private async Task UntilClosingAsync()
    {
        await using IXenStoreWatch watch = await _driver.WatchAsync($"{Back}/state");
        while (await _driver.ReadAsync($"{Back}/state") is not "5")
            await watch.NextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
    }

    private static async Task<SortedDictionary<string, string>> KeysAsync(IXenStore store, string path)
    {
        var keys = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string key in (await store.ListAsync(path))!) keys[key] = (await store.ReadAsync($"{path}/{key}"))!;
        return keys;
    }
}
