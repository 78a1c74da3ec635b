using System.Net.Sockets;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.XenStore;
using Xunit;

namespace XenBlock.Tests.XenStore;

public sealed class XenStoreServerTests : IAsyncDisposable
{
    private static readonly DomainId Guest = new(1);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly string _directory = Directory.CreateTempSubdirectory("xenstore").FullName;
    private readonly XenStoreServer _server = new();
    private readonly IXenStore _control;

    public XenStoreServerTests() => _control = _server.ConnectInProcess(DomainId.Zero);

    private string SocketPath => Path.Combine(_directory, "s");

    public async ValueTask DisposeAsync()
    {
        await _control.DisposeAsync();
        await _server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_client_in_this_process_does_everything_of_the_contract()
    {
        Assert.Null(await _control.ReadAsync("/a/b"));
        await _control.WriteAsync("/a/b", "one, \u00e4");
        Assert.Equal("one, \u00e4", await _control.ReadAsync("/a/b"));
        await _control.MakeDirectoryAsync("/a/c");
        Assert.Equal(["b", "c"], await _control.ListAsync("/a"));
        await _control.SetPermissionsAsync("/a", ["n1", "r2"]);
        Assert.Equal(["n1", "r2"], await _control.GetPermissionsAsync("/a"));
        Assert.Null(await _control.GetPermissionsAsync("/x"));
        Assert.True(await _control.RemoveAsync("/a"));
        Assert.False(await _control.RemoveAsync("/a"));
        Assert.Null(await _control.ListAsync("/a"));
        Assert.Equal("/local/domain/3", await _control.GetDomainPathAsync(new DomainId(3)));
    }

    [Fact]
    public async Task A_watch_tells_until_it_is_disposed()
    {
        IXenStoreWatch watch = await _control.WatchAsync("/a");
        Assert.Equal("/a", watch.Path);
        Assert.Equal("/a", await watch.NextAsync());
        await _control.WriteAsync("/a/b/c", "x");
        Assert.Equal("/a/b/c", await watch.NextAsync());
        await watch.DisposeAsync();
        await watch.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await watch.NextAsync());
    }

    [Fact]
    public async Task Clients_that_count_together_in_transactions_lose_nothing()
    {
        const int Each = 25;
        await _control.WriteAsync("/count", "0");
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            await using IXenStore store = _server.ConnectInProcess(DomainId.Zero);
            for (int i = 0; i < Each; i++)
            {
                await store.TransactAsync(async transaction =>
                {
                    int count = int.Parse((await transaction.ReadAsync("/count"))!);
                    await transaction.WriteAsync("/count", $"{count + 1}");
                });
            }
        }));
        Assert.Equal($"{4 * Each}", await _control.ReadAsync("/count"));
    }

    [Fact]
    public async Task A_domain_has_a_directory_and_writes_only_where_it_may()
    {
        _server.IntroduceDomain(Guest);
        _server.IntroduceDomain(Guest);
        await using IXenStore guest = _server.ConnectInProcess(Guest);
        Assert.Equal("1", await guest.ReadAsync("domid"));
        await guest.WriteAsync("data/x", "mine");
        Assert.Equal("mine", await _control.ReadAsync("/local/domain/1/data/x"));
        await guest.WriteAsync("backend/vbd/x", "mine too");
        var failure = await Assert.ThrowsAsync<XenBlockException>(() => guest.WriteAsync("device/x", "not mine"));
        Assert.Equal(XenBlockErrorKind.PermissionDenied, failure.Kind);
        await Assert.ThrowsAsync<XenBlockException>(() => guest.ListAsync("/local/domain"));
    }

    [Fact]
    public async Task Domains_that_come_and_go_are_told()
    {
        await using IXenStoreWatch came = await _control.WatchAsync("@introduceDomain");
        await using IXenStoreWatch went = await _control.WatchAsync("@releaseDomain");
        Assert.Equal("@introduceDomain", await came.NextAsync());
        Assert.Equal("@releaseDomain", await went.NextAsync());
        _server.IntroduceDomain(Guest);
        Assert.Equal("@introduceDomain", await came.NextAsync());
        await using IXenStore guest = _server.ConnectInProcess(Guest);
        await guest.WriteAsync("data/x", "stays");
        _server.ReleaseDomain(Guest);
        Assert.Equal("@releaseDomain", await went.NextAsync());
        Assert.NotEmpty(await guest.Disconnected.WaitAsync(Deadline));
        Assert.Equal("stays", await _control.ReadAsync("/local/domain/1/data/x"));
        await UntilAsync(() => _server.ConnectionCount == 1);
    }

    [Fact]
    public async Task A_unix_socket_serves_clients_as_dom0()
    {
        _server.ListenUnix(SocketPath);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(SocketPath));
        await using XenStoreClient client = await XenStoreClient.ConnectAsync(SocketPath);
        await client.WriteAsync("/a", "x");
        Assert.Equal("x", await _control.ReadAsync("/a"));
    }

    [Fact]
    public async Task A_unix_socket_may_be_a_guests()
    {
        _server.IntroduceDomain(Guest);
        _server.ListenUnix(SocketPath, Guest);
        await using XenStoreClient client = await XenStoreClient.ConnectAsync(SocketPath);
        Assert.Equal("1", await client.ReadAsync("domid"));
        await Assert.ThrowsAsync<XenBlockException>(() => client.WriteAsync("/a", "x"));
    }

    [Fact]
    public async Task A_socket_in_use_is_refused_and_one_that_was_left_over_is_replaced()
    {
        _server.ListenUnix(SocketPath);
        await using var second = new XenStoreServer();
        var failure = Assert.Throws<XenBlockException>(() => second.ListenUnix(SocketPath));
        Assert.Equal(XenBlockErrorKind.InUse, failure.Kind);
        Assert.Contains(SocketPath, failure.Message, StringComparison.Ordinal);

        string leftOver = Path.Combine(_directory, "left-over");
        // Bound, not listening: what a server leaves that was killed.
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(leftOver));
        second.ListenUnix(leftOver);
        await using XenStoreClient client = await XenStoreClient.ConnectAsync(leftOver);
        Assert.Null(await client.ReadAsync("/a"));
    }

    [Fact]
    public void A_path_that_cannot_be_a_socket_is_a_sentence()
    {
        string file = Path.Combine(_directory, "file");
        File.WriteAllText(file, "precious");
        Assert.Equal(XenBlockErrorKind.InUse, KindOf(file));
        Assert.Equal("precious", File.ReadAllText(file));
        Assert.Equal(XenBlockErrorKind.NotFound, KindOf(Path.Combine(_directory, "no", "where")));
        Assert.Equal(XenBlockErrorKind.InvalidArgument, KindOf(""));
        Assert.Equal(XenBlockErrorKind.InvalidArgument, KindOf("/" + new string('x', 107)));
        Assert.NotEqual(XenBlockErrorKind.Store, KindOf(_directory));

        XenBlockErrorKind KindOf(string path) =>
            Assert.Throws<XenBlockException>(() => _server.ListenUnix(path)).Kind;
    }

    [Fact]
    public async Task A_server_that_is_disposed_removes_its_socket_and_lets_go_of_its_clients()
    {
        var server = new XenStoreServer();
        server.ListenUnix(SocketPath);
        await using XenStoreClient client = await XenStoreClient.ConnectAsync(SocketPath);
        await client.ReadAsync("/");
        await server.DisposeAsync();
        await server.DisposeAsync();
        Assert.False(File.Exists(SocketPath));
        Assert.NotEmpty(await client.Disconnected.WaitAsync(Deadline));
        Assert.Throws<ObjectDisposedException>(() => server.ListenUnix(SocketPath));
        await using IXenStore late = server.ConnectInProcess(DomainId.Zero);
        Assert.NotEmpty(await late.Disconnected.WaitAsync(Deadline));
    }

    [Fact]
    public async Task A_message_that_is_too_long_ends_that_connection_only()
    {
        (Socket near, Socket far) = Pair();
        _server.Serve(far, Guest);
        var header = new byte[16];
        new XsHeader(XsOperation.Write, 1, 0, 4097).Write(header);
        // The request before it is still answered.
        near.Send([.. new XsPacket(XsOperation.Read, 7, 0, "/x\0"u8.ToArray()).ToBytes(), .. header]);
        var answer = new byte[100];
        Assert.Equal(16 + "EACCES\0".Length, await near.ReceiveAsync(answer).WaitAsync(Deadline));
        Assert.Equal(0, await near.ReceiveAsync(answer).WaitAsync(Deadline));
        near.Dispose();
        await _control.WriteAsync("/a", "x");
        await UntilAsync(() => _server.ConnectionCount == 1);
    }

    [Fact]
    public async Task Random_bytes_end_at_most_their_own_connection()
    {
        var random = new Random(20141101);
        for (int i = 0; i < 50; i++)
        {
            (Socket near, Socket far) = Pair();
            _server.Serve(far, Guest);
            var bytes = new byte[random.Next(1, 5000)];
            random.NextBytes(bytes);
            near.Send(bytes);
            near.Dispose();
        }

        await _control.WriteAsync("/a", "x");
        Assert.Equal("x", await _control.ReadAsync("/a"));
        await UntilAsync(() => _server.ConnectionCount == 1);
    }

    [Fact]
    public async Task A_client_that_does_not_read_blocks_nobody_and_grows_nothing()
    {
        _server.IntroduceDomain(Guest);
        await _control.SetPermissionsAsync("/", ["b0"]);
        (Socket near, Socket far) = Pair();
        far.SendBufferSize = 4096;
        _server.Serve(far, Guest);
        near.Send(new XsPacket(XsOperation.Watch, 1, 0, "/\0t\0"u8.ToArray()).ToBytes());
        // Requests without end, and nobody takes the answers: the server stops reading them, and the socket fills up.
        near.Blocking = false;
        byte[] request = new XsPacket(XsOperation.Directory, 2, 0, "/local/domain/1\0"u8.ToArray()).ToBytes();
        await UntilAsync(() => !TrySendMany(near, request));
        for (int i = 0; i < 2000; i++) await _control.WriteAsync($"/events/{i}", "x");
        await _control.RemoveAsync("/events");
        var quota = new StoreQuota();
        Assert.InRange(_server.MessagesWaiting, 1, quota.RequestsOutstandingMax + quota.EventsPerWatchMax + 1);
        near.Dispose();
        await UntilAsync(() => _server.ConnectionCount == 1);
    }

    private static bool TrySendMany(Socket socket, byte[] request)
    {
        for (int i = 0; i < 1000; i++)
        {
            socket.Send(request, SocketFlags.None, out SocketError error);
            if (error == SocketError.WouldBlock) return false;
        }

        return true;
    }

    private static (Socket Near, Socket Far) Pair()
    {
        string path = Path.Combine(Path.GetTempPath(), $"pair-{Guid.NewGuid():N}");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        var near = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        near.Connect(new UnixDomainSocketEndPoint(path));
        Socket far = listener.Accept();
        File.Delete(path);
        return (near, far);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (!condition()) await Task.Delay(5, deadline.Token);
    }
}
