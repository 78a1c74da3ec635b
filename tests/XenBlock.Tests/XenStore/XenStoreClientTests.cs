using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.XenStore;
using Xunit;

namespace XenBlock.Tests.XenStore;

/// <summary>The client against a server that a test plays: right, wrong, slow and hostile.</summary>
public sealed class XenStoreClientTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_at_a_time_a_message_waits_for_the_answer_to_the_one_before(bool isOneAtATime)
    {
        await using var peer = new ScriptedPeer(isOneAtATime);
        using var impatience = new CancellationTokenSource();
        Task<string?> first = peer.Client.ReadAsync("/a", impatience.Token);
        Task<string?> second = peer.Client.ReadAsync("/b");

        XsPacket asked = await peer.TakeAsync();
        await impatience.CancelAsync(); // who asked does not wait any more, but the answer is still to come
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Task<XsPacket> next = peer.TakeAsync();
        Assert.Equal(!isOneAtATime, next.IsCompleted); // without the rule it is in the stream already
        await peer.AnswerAsync(asked, "1");
        await peer.AnswerAsync(await next, "2");

        Assert.Equal("2", await second);
    }

    [Fact]
    public async Task Answers_find_their_calls_in_any_order()
    {
        await using var peer = new ScriptedPeer();
        Task<string?> first = peer.Client.ReadAsync("/1");
        XsPacket one = await peer.TakeAsync();
        Task<string?> second = peer.Client.ReadAsync("/2");
        XsPacket two = await peer.TakeAsync();
        await peer.AnswerAsync(two, "two");
        Assert.Equal("two", await second);
        await peer.AnswerAsync(one, "one");
        Assert.Equal("one", await first);
    }

    [Fact]
    public async Task An_answer_may_come_byte_by_byte()
    {
        await using var peer = new ScriptedPeer();
        Task<string?> reading = peer.Client.ReadAsync("/a");
        XsPacket request = await peer.TakeAsync();
        byte[] answer = new XsPacket(XsOperation.Read, request.RequestId, 0, "value"u8.ToArray()).ToBytes();
        for (int i = 0; i < answer.Length; i++) await peer.SayAsync(answer.AsMemory(i, 1));
        Assert.Equal("value", await reading);
    }

    [Theory]
    [InlineData("ENOENT", XenBlockErrorKind.NotFound)]
    [InlineData("EACCES", XenBlockErrorKind.PermissionDenied)]
    [InlineData("EPERM", XenBlockErrorKind.PermissionDenied)]
    [InlineData("EEXIST", XenBlockErrorKind.InUse)]
    [InlineData("EBUSY", XenBlockErrorKind.InUse)]
    [InlineData("EINVAL", XenBlockErrorKind.InvalidArgument)]
    [InlineData("ENOSPC", XenBlockErrorKind.NoSpace)]
    [InlineData("E2BIG", XenBlockErrorKind.NoSpace)]
    [InlineData("ENOMEM", XenBlockErrorKind.NoSpace)]
    [InlineData("EIO", XenBlockErrorKind.InputOutput)]
    [InlineData("ENOSYS", XenBlockErrorKind.NotSupported)]
    [InlineData("EAGAIN", XenBlockErrorKind.Store)]
    [InlineData("EROFS", XenBlockErrorKind.Store)]
    [InlineData("Emergency", XenBlockErrorKind.InputOutput)]
    [InlineData("None", XenBlockErrorKind.InputOutput)]
    public async Task An_error_has_a_kind_and_a_sentence_with_the_path(string error, XenBlockErrorKind kind)
    {
        await using var peer = new ScriptedPeer();
        Task writing = peer.Client.WriteAsync("/the/path", "x");
        await peer.FailAsync(await peer.TakeAsync(), error);
        var failure = await Assert.ThrowsAsync<XenBlockException>(() => writing);
        Assert.Equal(kind, failure.Kind);
        Assert.Contains("write '/the/path'", failure.Message, StringComparison.Ordinal);
        Assert.NotEqual(0, failure.Errno);
    }

    [Theory]
    [InlineData(XsOperation.Write, 0, "OK|", "answered Read with Write")]
    [InlineData(XsOperation.Read, 77, "x", "which was not asked")]
    [InlineData(XsOperation.WatchEvent, 0, "/a|", "an event without a token")]
    public async Task A_server_that_breaks_the_protocol_ends_the_connection(
        XsOperation operation, uint idOffset, string text, string reason)
    {
        await using var peer = new ScriptedPeer();
        Task<string?> reading = peer.Client.ReadAsync("/a");
        XsPacket request = await peer.TakeAsync();
        await peer.SayAsync(operation, request.RequestId + idOffset, text);
        Assert.Contains(reason, await peer.Client.Disconnected, StringComparison.Ordinal);
        // The call that it answered wrongly must not wait for ever either.
        await Assert.ThrowsAsync<XenBlockException>(() => reading.WaitAsync(TimeSpan.FromSeconds(10)));
        var failure = await Assert.ThrowsAsync<XenBlockException>(() => peer.Client.ReadAsync("/b"));
        Assert.Equal(XenBlockErrorKind.MachineGone, failure.Kind);
    }

    [Fact]
    public async Task A_message_that_is_too_long_ends_the_connection()
    {
        await using var peer = new ScriptedPeer();
        var header = new byte[16];
        new XsHeader(XsOperation.Read, 1, 0, 4097).Write(header);
        await peer.SayAsync(header);
        Assert.Contains("4097 bytes", await peer.Client.Disconnected, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Random_bytes_end_the_connection_and_nothing_else()
    {
        var random = new Random(20141101);
        for (int i = 0; i < 50; i++)
        {
            await using var peer = new ScriptedPeer();
            Task<string?> reading = peer.Client.ReadAsync("/a");
            XsPacket request = await peer.TakeAsync();
            var bytes = new byte[random.Next(16, 300)];
            random.NextBytes(bytes);
            // Half of them look like a message: a plausible header, and rubbish in it.
            if (i % 2 == 0) new XsHeader((XsOperation)random.Next(30), request.RequestId, 0, 8).Write(bytes);
            await peer.SayAsync(bytes);
            peer.Leave();
            Assert.NotEmpty(await peer.Client.Disconnected.WaitAsync(TimeSpan.FromSeconds(10)));
            await Task.WhenAny(reading).WaitAsync(TimeSpan.FromSeconds(10));
        }
    }

    [Fact]
    public async Task A_lost_connection_fails_calls_and_watches_with_the_reason()
    {
        await using var peer = new ScriptedPeer();
        Task<IXenStoreWatch> setting = peer.Client.WatchAsync("/a");
        await peer.AnswerAsync(await peer.TakeAsync(), "OK|");
        IXenStoreWatch watch = await setting;
        Task<string?> reading = peer.Client.ReadAsync("/a");
        ValueTask<string> next = watch.NextAsync();
        await peer.TakeAsync();
        await peer.SayAsync(new byte[5]);
        peer.Leave();
        Assert.Contains("in mid-message", await peer.Client.Disconnected, StringComparison.Ordinal);
        var failure = await Assert.ThrowsAsync<XenBlockException>(() => reading);
        Assert.Equal(XenBlockErrorKind.MachineGone, failure.Kind);
        await Assert.ThrowsAsync<XenBlockException>(async () => await next);
        await Assert.ThrowsAsync<XenBlockException>(async () => await watch.NextAsync());
        await watch.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await watch.NextAsync());
    }

    [Fact]
    public async Task Who_leaves_himself_is_told_so()
    {
        await using var peer = new ScriptedPeer();
        Task<string?> reading = peer.Client.ReadAsync("/a");
        await peer.TakeAsync();
        await peer.Client.DisposeAsync();
        Assert.Contains("closed here", await peer.Client.Disconnected, StringComparison.Ordinal);
        await Assert.ThrowsAsync<XenBlockException>(() => reading);
        await Assert.ThrowsAsync<XenBlockException>(() => peer.Client.ReadAsync("/b"));
    }

    [Fact]
    public async Task A_call_that_was_given_up_disturbs_no_other()
    {
        await using var peer = new ScriptedPeer();
        using var giveUp = new CancellationTokenSource();
        Task<string?> reading = peer.Client.ReadAsync("/a", giveUp.Token);
        XsPacket request = await peer.TakeAsync();
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await peer.AnswerAsync(request, "late");
        Task<string?> another = peer.Client.ReadAsync("/b");
        await peer.AnswerAsync(await peer.TakeAsync(), "in time");
        Assert.Equal("in time", await another);
    }

    [Fact]
    public async Task A_watch_that_was_given_up_is_taken_away()
    {
        await using var peer = new ScriptedPeer();
        using var giveUp = new CancellationTokenSource();
        Task<IXenStoreWatch> setting = peer.Client.WatchAsync("/a", giveUp.Token);
        XsPacket watch = await peer.TakeAsync();
        await giveUp.CancelAsync();
        XsPacket unwatch = await peer.TakeAsync();
        Assert.Equal(XsOperation.Unwatch, unwatch.Operation);
        Assert.Equal(watch.Payload.ToArray(), unwatch.Payload.ToArray());
        await peer.AnswerAsync(unwatch, "OK|");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => setting);
    }

    [Fact]
    public async Task S7_an_event_that_was_not_yet_taken_is_told_once_and_the_queue_is_bounded()
    {
        await using var peer = new ScriptedPeer();
        Task<IXenStoreWatch> setting = peer.Client.WatchAsync("/a");
        XsPacket request = await peer.TakeAsync();
        string token = XsPacket.SplitStrings(request.Payload.Span)[1];
        await peer.AnswerAsync(request, "OK|");
        IXenStoreWatch watch = await setting;
        for (int i = 0; i < 1000; i++) await FireAsync("/a/same");
        await SettleAsync();
        Assert.Equal("/a/same", await watch.NextAsync());
        for (int i = 0; i < XenStoreWatch.WaitingMax; i++) await FireAsync($"/a/{i}");
        await SettleAsync();
        Assert.Equal("/a/0", await watch.NextAsync());
        await FireAsync("/a/again");
        await FireAsync("/a/one-too-many");
        await FireAsync("/a/after");
        await SettleAsync();
        Assert.Equal("/a", await watch.NextAsync());
        Assert.Equal("/a/after", await watch.NextAsync());
        ValueTask<string> next = watch.NextAsync();
        Assert.False(next.IsCompleted);
        await FireAsync("/a/last");
        Assert.Equal("/a/last", await next);

        Task FireAsync(string path) => peer.SayAsync(XsOperation.WatchEvent, 0, $"{path}|{token}|");

        // Messages are taken in order: when a later one has its effect, the earlier ones had theirs.
        async Task SettleAsync()
        {
            Task<string?> reading = peer.Client.ReadAsync("/settle");
            await peer.AnswerAsync(await peer.TakeAsync(), "");
            await reading;
        }
    }

    [Fact]
    public async Task Events_for_nobody_are_ignored()
    {
        await using var peer = new ScriptedPeer();
        await peer.SayAsync(XsOperation.WatchEvent, 0, "/a|stranger|");
        Task<string?> reading = peer.Client.ReadAsync("/a");
        await peer.AnswerAsync(await peer.TakeAsync(), "x");
        Assert.Equal("x", await reading);
    }

    [Fact]
    public async Task What_would_spoil_the_connection_is_refused_before_it_is_sent()
    {
        await using var peer = new ScriptedPeer();
        Assert.Equal(XenBlockErrorKind.InvalidArgument, await KindAsync(() => peer.Client.ReadAsync("")));
        Assert.Equal(XenBlockErrorKind.InvalidArgument, await KindAsync(() => peer.Client.ReadAsync("/a\0b")));
        Assert.Equal(XenBlockErrorKind.InvalidArgument, await KindAsync(() => peer.Client.WatchAsync("/a\0b")));
        Assert.Equal(
            XenBlockErrorKind.InvalidArgument,
            await KindAsync(() => peer.Client.ReadAsync("/" + new string('a', 3072))));
        Assert.Equal(
            XenBlockErrorKind.NoSpace, await KindAsync(() => peer.Client.WriteAsync("/a", new string('a', 4094))));

        static async Task<XenBlockErrorKind> KindAsync(Func<Task> act) =>
            (await Assert.ThrowsAsync<XenBlockException>(act)).Kind;
    }

    [Fact]
    public async Task A_list_that_changes_between_its_parts_is_read_again()
    {
        await using var peer = new ScriptedPeer();
        Task<IReadOnlyList<string>?> listing = peer.Client.ListAsync("/a");
        await peer.FailAsync(await peer.TakeAsync(), "E2BIG");
        await peer.AnswerAsync(await peer.TakeAsync(), "1|old|");
        XsPacket second = await peer.TakeAsync();
        Assert.Equal("/a\0" + "4\0", System.Text.Encoding.ASCII.GetString(second.Payload.Span));
        await peer.AnswerAsync(second, "2|rest||");
        XsPacket again = await peer.TakeAsync();
        Assert.Equal("/a\0" + "0\0", System.Text.Encoding.ASCII.GetString(again.Payload.Span));
        await peer.AnswerAsync(again, "2|new|");
        await peer.AnswerAsync(await peer.TakeAsync(), "2||");
        Assert.Equal(["new"], await listing);
    }

    [Fact]
    public async Task A_list_that_goes_between_its_parts_is_not_there()
    {
        await using var peer = new ScriptedPeer();
        Task<IReadOnlyList<string>?> listing = peer.Client.ListAsync("/a");
        await peer.FailAsync(await peer.TakeAsync(), "E2BIG");
        await peer.AnswerAsync(await peer.TakeAsync(), "1|old|");
        await peer.FailAsync(await peer.TakeAsync(), "ENOENT");
        Assert.Null(await listing);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("1|")]
    public async Task A_part_without_an_end_is_the_servers_fault(string part)
    {
        await using var peer = new ScriptedPeer();
        Task<IReadOnlyList<string>?> listing = peer.Client.ListAsync("/a");
        await peer.FailAsync(await peer.TakeAsync(), "E2BIG");
        await peer.AnswerAsync(await peer.TakeAsync(), part);
        var failure = await Assert.ThrowsAsync<XenBlockException>(() => listing);
        Assert.Equal(XenBlockErrorKind.PeerViolation, failure.Kind);
    }

    [Fact]
    public async Task A_node_that_goes_while_it_is_removed_was_not_there()
    {
        await using var peer = new ScriptedPeer();
        Task<bool> removing = peer.Client.RemoveAsync("/a/b");
        await peer.AnswerAsync(await peer.TakeAsync(), "x");
        await peer.FailAsync(await peer.TakeAsync(), "ENOENT");
        Assert.False(await removing);
    }

    [Fact]
    public async Task Nobody_at_the_socket_is_a_sentence()
    {
        var failure = await Assert.ThrowsAsync<XenBlockException>(
            () => XenStoreClient.ConnectAsync("/nowhere/socket"));
        Assert.Equal(XenBlockErrorKind.NotFound, failure.Kind);
        Assert.Contains("/nowhere/socket", failure.Message, StringComparison.Ordinal);
        failure = await Assert.ThrowsAsync<XenBlockException>(
            () => XenStoreClient.ConnectAsync("/" + new string('x', 200)));
        Assert.Equal(XenBlockErrorKind.NotFound, failure.Kind);
    }

    [Fact]
    public async Task The_directory_of_a_domain_is_asked_for()
    {
        await using var peer = new ScriptedPeer();
        Task<string> asking = peer.Client.GetDomainPathAsync(new DomainId(5));
        XsPacket request = await peer.TakeAsync();
        Assert.Equal("5\0"u8.ToArray(), request.Payload.ToArray());
        await peer.AnswerAsync(request, "/local/domain/5|");
        Assert.Equal("/local/domain/5", await asking);
    }
}
