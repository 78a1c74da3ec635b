using XenBlock.XenStore;
using Xunit;

namespace XenBlock.Tests.XenStore;

public sealed class StoreTransactionTests
{
    [Fact]
    public void A_transaction_is_seen_by_itself_and_by_others_at_commit() => StoreTable.Play("""
        0 WRITE /a|0 = OK|
        0:t START | = *
        0:t WRITE /a|1 = OK|
        0:t WRITE /b/c|2 = OK|
        0:t RM /gone| = OK|
        0:t READ /a| = 1
        0:t LIST /| = a|b|
        0:t SETPERMS /b|n4| = OK|
        0:t GETPERMS /b| = n4|
        0 READ /a| = 0
        0 READ /b| = ENOENT
        0:t END T| = OK|
        0 READ /a| = 1
        0 READ /b/c| = 2
        0 GETPERMS /b| = n4|
        0:t READ /a| = ENOENT
        0:t END T| = ENOENT
        """);

    [Fact]
    public void An_aborted_transaction_leaves_nothing() => StoreTable.Play("""
        0:t START | = *
        0:t WRITE /a|1 = OK|
        0:t END F| = OK|
        0 READ /a| = ENOENT
        0:t START | = *
        0:t WRITE /a|1 = OK|
        0 RESET | = OK|
        0:t END T| = ENOENT
        0 READ /a| = ENOENT
        """);

    [Fact]
    public void Transactions_do_not_nest_and_belong_to_their_connection() => StoreTable.Play("""
        0:t START | = *
        0b:t READ /| = ENOENT
        0b:t END F| = ENOENT
        0:t READ /| =
        """);

    [Fact]
    public void A_transaction_in_a_transaction_is_busy()
    {
        var table = new StoreTable();
        XsPacket answer = table.Ask("0", XsOperation.TransactionStart, "|", transactionId: 1);
        Assert.Equal("EBUSY\0"u8.ToArray(), answer.Payload.ToArray());
    }

    [Theory]
    // What the transaction does | what somebody else does meanwhile | how the commit ends
    [InlineData("READ /a/b| = x", "WRITE /a/b|y = OK|", "EAGAIN")]
    [InlineData("READ /a/b| = x", "WRITE /a/b|x = OK|", "EAGAIN")]
    [InlineData("READ /a/b| = x", "RM /a/b| = OK|", "EAGAIN")]
    [InlineData("READ /a/b| = x", "RM /a| = OK|", "EAGAIN")]
    [InlineData("READ /a/b| = x", "SETPERMS /a/b|n5| = OK|", "EAGAIN")]
    [InlineData("READ /a/b| = x", "WRITE /a/b/c|y = OK|", "OK|")]
    [InlineData("READ /a/b| = x", "WRITE /a/d|y = OK|", "OK|")]
    [InlineData("READ /a/b| = x", "WRITE /a|y = OK|", "OK|")]
    [InlineData("READ /new| = ENOENT", "WRITE /new|y = OK|", "EAGAIN")]
    [InlineData("READ /new| = ENOENT", "MKDIR /new/below| = OK|", "EAGAIN")]
    [InlineData("READ /new| = ENOENT", "WRITE /newer|y = OK|", "OK|")]
    [InlineData("LIST /a| = b|", "WRITE /a/d|y = OK|", "EAGAIN")]
    [InlineData("LIST /a| = b|", "RM /a/b| = OK|", "EAGAIN")]
    [InlineData("LIST /a| = b|", "WRITE /a/b|y = OK|", "OK|")]
    [InlineData("LIST /a| = b|", "WRITE /a/b/c|y = OK|", "OK|")]
    [InlineData("LISTPART /a|0| = *", "WRITE /a/d|y = OK|", "EAGAIN")]
    [InlineData("GETPERMS /a/b| = n0|", "SETPERMS /a/b|n5| = OK|", "EAGAIN")]
    [InlineData("SETPERMS /a/b|n4| = OK|", "SETPERMS /a/b|n5| = OK|", "EAGAIN")]
    [InlineData("WRITE /a/b|1 = OK|", "WRITE /a/b|2 = OK|", "EAGAIN")]
    [InlineData("WRITE /a/d|1 = OK|", "WRITE /a/e|2 = OK|", "OK|")]
    [InlineData("WRITE /new/x|1 = OK|", "WRITE /new/y|2 = OK|", "OK|")]
    [InlineData("WRITE /new|1 = OK|", "WRITE /new|2 = OK|", "EAGAIN")]
    [InlineData("MKDIR /new| = OK|", "MKDIR /new| = OK|", "EAGAIN")]
    [InlineData("RM /a/b| = OK|", "WRITE /a/b/c|y = OK|", "EAGAIN")]
    [InlineData("RM /a/b| = OK|", "WRITE /a/d|y = OK|", "OK|")]
    [InlineData("RM /nothing| = OK|", "WRITE /nothing|y = OK|", "EAGAIN")]
    [InlineData("RM /nothing/x| = ENOENT", "MKDIR /nothing| = OK|", "EAGAIN")]
    [InlineData("RM /a/x| = OK|", "WRITE /a|y = OK|", "OK|")]
    [InlineData("RM /a| = OK|", "RM /a/b| = OK|", "EAGAIN")]
    public void Only_a_change_of_what_was_touched_conflicts(string mine, string others, string end)
    {
        var table = new StoreTable();
        table.Run($"""
            0 WRITE /a/b|x = OK|
            0:t START | = *
            0:t {mine}
            0b {others}
            0:t WRITE /mine|1 = OK|
            0:t END T| = {end}
            """);
        table.Run(end is "OK|" ? "0 READ /mine| = 1" : "0 READ /mine| = ENOENT");
    }

    [Fact]
    public void A_listing_after_a_reading_counts_as_well() => StoreTable.Play("""
        0 WRITE /a|x = OK|
        0:t START | = *
        0:t READ /a| = x
        0:t LIST /a| =
        0:t READ /a| = x
        0 WRITE /a/b|y = OK|
        0:t END T| = EAGAIN
        """);

    [Fact]
    public void What_failed_was_touched_too() => StoreTable.Play("""
        0 WRITE /a|x = OK|
        0 SETPERMS /a|n0| = OK|
        0 WRITE /mine|x = OK|
        0 SETPERMS /mine|n1| = OK|
        1:t START | = *
        1:t READ /a| = EACCES
        1:t WRITE /mine|1 = OK|
        0 SETPERMS /a|r0| = OK|
        1:t END T| = EAGAIN
        """);

    [Fact]
    public void A_right_that_is_lost_meanwhile_is_a_conflict() => StoreTable.Play("""
        0 MKDIR /p| = OK|
        0 SETPERMS /p|b0| = OK|
        1:t START | = *
        1:t WRITE /p/x|1 = OK|
        0 SETPERMS /p|n0| = OK|
        1:t END T| = EAGAIN
        0 READ /p/x| = ENOENT
        """);

    [Fact]
    public void A_quota_that_is_reached_meanwhile_ends_the_commit()
    {
        var table = new StoreTable(new StoreQuota { NodesMax = 2 });
        table.Run("""
            0 SETPERMS /|b0| = OK|
            1:t START | = *
            1:t WRITE /a|1 = OK|
            1:t WRITE /b|1 = OK|
            1:t WRITE /c|1 = ENOSPC
            1 WRITE /d|1 = OK|
            1:t END T| = ENOSPC
            0 LIST /| = d|
            """);
    }

    [Fact]
    public void A_removed_tree_that_was_made_in_the_same_transaction_still_wakes_watches_below() => StoreTable.Play("""
        0 WRITE /a/b|1 = OK|
        0 WATCH /a/b|t| = OK|
        0 ! /a/b|t|
        0:t START | = *
        0:t RM /a| = OK|
        0:t WRITE /a/c|1 = OK|
        0 WRITE /other|1 = OK|
        0:t END T| = OK|
        0 ! /a/b|t|
        0 ! nothing
        """);
}
