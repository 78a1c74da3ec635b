using XenBlock.Hypervisor;
using XenBlock.XenStore;
using Xunit;

namespace XenBlock.Tests.XenStore;

/// <summary>Transactions of the client, against a server that a test plays.</summary>
public sealed class XenStoreClientTransactionTests
{
    [Fact]
    public async Task A_conflict_runs_the_transaction_again()
    {
        await using var peer = new ScriptedPeer();
        int runs = 0;
        Task transacting = peer.Client.TransactAsync(_ =>
        {
            runs++;
            return Task.CompletedTask;
        });
        for (int i = 1; i <= 6; i++)
        {
            await peer.AnswerAsync(await peer.TakeAsync(), $"{i}|");
            XsPacket end = await peer.TakeAsync();
            Assert.Equal(((uint)i, "T\0"), (end.TransactionId, System.Text.Encoding.ASCII.GetString(end.Payload.Span)));
            if (i < 6)
                await peer.FailAsync(end, "EAGAIN");
            else
                await peer.AnswerAsync(end, "OK|");
        }

        await transacting;
        Assert.Equal(6, runs);
    }

    [Fact]
    public async Task Conflicts_without_end_are_an_error()
    {
        await using var peer = new ScriptedPeer();
        Task transacting = peer.Client.TransactAsync(static _ => Task.CompletedTask);
        for (int i = 1; i <= XenStoreClient.TransactionTriesMax; i++)
        {
            await peer.AnswerAsync(await peer.TakeAsync(), $"{i}|");
            await peer.FailAsync(await peer.TakeAsync(), "EAGAIN");
        }

        var failure = await Assert.ThrowsAsync<XenBlockException>(() => transacting);
        Assert.Equal(11, failure.Errno);
    }

    [Fact]
    public async Task An_exception_in_a_transaction_aborts_it()
    {
        await using var peer = new ScriptedPeer();
        Task transacting = peer.Client.TransactAsync(static _ => throw new FormatException("mine"));
        await peer.AnswerAsync(await peer.TakeAsync(), "5|");
        XsPacket end = await peer.TakeAsync();
        Assert.Equal("F\0"u8.ToArray(), end.Payload.ToArray());
        await peer.AnswerAsync(end, "OK|");
        await Assert.ThrowsAsync<FormatException>(() => transacting);
    }

    [Fact]
    public async Task An_exception_in_a_transaction_outlives_the_connection()
    {
        await using var peer = new ScriptedPeer();
        Task transacting = peer.Client.TransactAsync(_ =>
        {
            peer.Leave();
            throw new FormatException("mine");
        });
        await peer.AnswerAsync(await peer.TakeAsync(), "5|");
        await Assert.ThrowsAsync<FormatException>(() => transacting);
    }

    [Theory]
    [InlineData("0|")]
    [InlineData("many|")]
    public async Task A_transaction_without_a_number_is_the_servers_fault(string number)
    {
        await using var peer = new ScriptedPeer();
        Task transacting = peer.Client.TransactAsync(static _ => Task.CompletedTask);
        await peer.AnswerAsync(await peer.TakeAsync(), number);
        var failure = await Assert.ThrowsAsync<XenBlockException>(() => transacting);
        Assert.Equal(XenBlockErrorKind.PeerViolation, failure.Kind);
    }

    [Fact]
    public async Task A_transaction_that_was_given_up_before_it_started_is_aborted_when_it_has()
    {
        await using var peer = new ScriptedPeer();
        using var giveUp = new CancellationTokenSource();
        Task transacting = peer.Client.TransactAsync(static _ => Task.CompletedTask, giveUp.Token);
        XsPacket start = await peer.TakeAsync();
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => transacting);
        await peer.AnswerAsync(start, "9|");
        XsPacket end = await peer.TakeAsync();
        Assert.Equal((9u, XsOperation.TransactionEnd), (end.TransactionId, end.Operation));
        Assert.Equal("F\0"u8.ToArray(), end.Payload.ToArray());
    }
}
