using System.Diagnostics;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.XenStore;
using Xunit;

namespace XenBlock.Tests.Process;

/// <summary>Debian's tools, which know nothing of us, against our server: as dom0, over its unix socket.</summary>
public sealed class XenStoreToolsTests : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly string _directory = Directory.CreateTempSubdirectory("xenstore").FullName;
    private readonly XenStoreServer _server = new();

    public XenStoreToolsTests()
    {
        Assert.SkipUnless(
            File.Exists("/usr/bin/xenstore-read"), "xenstore-read is not installed: apt install xenstore-utils");
        _server.ListenUnix(SocketPath);
    }

    private string SocketPath => Path.Combine(_directory, "socket");

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Xenstore_write_and_read_agree()
    {
        Assert.Equal((0, ""), await RunAsync("xenstore-write", "/a/b", "one", "/a/c", "two words"));
        Assert.Equal((0, "one\ntwo words\n"), await RunAsync("xenstore-read", "/a/b", "/a/c"));
        Assert.Equal((0, "/a/b: one\n"), await RunAsync("xenstore-read", "-p", "/a/b"));
    }

    [Fact]
    public async Task Xenstore_read_of_nothing_fails_and_says_so()
    {
        (int code, string output) = await RunAsync("xenstore-read", "/nothing");
        Assert.NotEqual(0, code);
        Assert.Contains("couldn't read path /nothing", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Xenstore_list_shows_the_children()
    {
        await RunAsync("xenstore-write", "/a/x", "1", "/a/y", "2");
        Assert.Equal((0, "x\ny\n"), await RunAsync("xenstore-list", "/a"));
        Assert.Equal((0, "/a/x\n/a/y\n"), await RunAsync("xenstore-list", "-p", "/a"));
    }

    [Fact]
    public async Task Xenstore_list_shows_more_children_than_fit_in_a_message()
    {
        await using IXenStore store = _server.ConnectInProcess(DomainId.Zero);
        string[] names = [.. Enumerable.Range(0, 1200).Select(static i => $"child-{i:0000}")];
        foreach (string name in names) await store.WriteAsync($"/many/{name}", "");
        Assert.Equal((0, string.Join('\n', names) + "\n"), await RunAsync("xenstore-list", "/many"));
        Assert.Equal(names, await store.ListAsync("/many"));
    }

    [Fact]
    public async Task Xenstore_ls_shows_the_tree()
    {
        await RunAsync("xenstore-write", "/a/b", "one", "/a/b/c", "two");
        Assert.Equal((0, "b = \"one\"\n c = \"two\"\n"), await RunAsync("xenstore-ls", "/a"));
        Assert.Equal((0, "/a/b = \"one\"\n/a/b/c = \"two\"\n"), await RunAsync("xenstore-ls", "-f", "/a"));
    }

    [Fact]
    public async Task Xenstore_ls_shows_a_disk_with_its_permissions()
    {
        var guest = new DomainId(7);
        _server.IntroduceDomain(guest);
        await using IXenStore store = _server.ConnectInProcess(DomainId.Zero);
        await VbdNodes.CreateAsync(store, new VbdSpecification { Frontend = guest, Vbd = VbdName.Parse("xvdb") });
        (int code, string output) = await RunAsync("xenstore-ls", "-f", "-p");
        Assert.Equal(0, code);
        Assert.Matches(@"/local/domain/7/device/vbd/51728/state = ""1""[ .]+\(n7,r0\)", output);
        Assert.Matches(@"/local/domain/0/backend/vbd/7/51728/state = ""1""[ .]+\(n0,r7\)", output);
    }

    [Fact]
    public async Task Xenstore_rm_removes_a_tree()
    {
        await RunAsync("xenstore-write", "/a/b/c", "1");
        Assert.Equal((0, ""), await RunAsync("xenstore-rm", "/a/b"));
        Assert.Equal((0, ""), await RunAsync("xenstore-list", "/a"));
        Assert.Equal((0, ""), await RunAsync("xenstore-rm", "-t", "/a"));
        Assert.NotEqual(0, (await RunAsync("xenstore-exists", "/a")).Code);
    }

    [Fact]
    public async Task Xenstore_exists_tells_by_its_exit_code()
    {
        await RunAsync("xenstore-write", "/a", "1");
        Assert.Equal(0, (await RunAsync("xenstore-exists", "/a")).Code);
        Assert.Equal(1, (await RunAsync("xenstore-exists", "/b")).Code);
    }

    [Fact]
    public async Task Xenstore_chmod_sets_permissions_of_a_node_and_of_all_below_it()
    {
        await RunAsync("xenstore-write", "/a/b", "1");
        Assert.Equal((0, ""), await RunAsync("xenstore-chmod", "-r", "/a", "n3", "r4"));
        await using IXenStore store = _server.ConnectInProcess(DomainId.Zero);
        Assert.Equal(["n3", "r4"], await store.GetPermissionsAsync("/a"));
        Assert.Equal(["n3", "r4"], await store.GetPermissionsAsync("/a/b"));
    }

    [Fact]
    public async Task Xenstore_watch_tells_of_changes()
    {
        await using IXenStore store = _server.ConnectInProcess(DomainId.Zero);
        using System.Diagnostics.Process watch = Start("xenstore-watch", "-n", "2", "/a");
        using var deadline = new CancellationTokenSource(Deadline);
        Assert.Equal("/a", await watch.StandardOutput.ReadLineAsync(deadline.Token));
        await store.WriteAsync("/a/b", "1");
        Assert.Equal("/a/b", await watch.StandardOutput.ReadLineAsync(deadline.Token));
        await watch.WaitForExitAsync(deadline.Token);
        Assert.Equal(0, watch.ExitCode);
    }

    private System.Diagnostics.Process Start(string tool, params string[] arguments)
    {
        // The tools print by the line only to a terminal; a watch is of no use if its lines wait in a buffer.
        var start = new ProcessStartInfo("stdbuf", ["-oL", tool, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["XENSTORED_PATH"] = SocketPath;
        return System.Diagnostics.Process.Start(start)!;
    }

    private async Task<(int Code, string Output)> RunAsync(string tool, params string[] arguments)
    {
        using System.Diagnostics.Process process = Start(tool, arguments);
        using var deadline = new CancellationTokenSource(Deadline);
        Task<string> errors = process.StandardError.ReadToEndAsync(deadline.Token);
        string output = await process.StandardOutput.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        return (process.ExitCode, output + await errors);
    }
}
