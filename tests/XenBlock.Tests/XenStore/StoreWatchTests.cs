using XenBlock.Protocol;
using XenBlock.XenStore;
using Xunit;

namespace XenBlock.Tests.XenStore;

public sealed class StoreWatchTests
{
    [Fact]
    public void A_watch_fires_once_when_set_then_for_its_path_and_all_below() => StoreTable.Play("""
        0 WATCH /a|t| = OK|
        0 ! /a|t|
        0 ! nothing
        0b WRITE /a|1 = OK|
        0 ! /a|t|
        0b WRITE /a/b/c|1 = OK|
        0 ! /a/b/c|t|
        0b SETPERMS /a/b|n0| = OK|
        0 ! /a/b|t|
        0b MKDIR /a/d| = OK|
        0 ! /a/d|t|
        # It was there already.
        0b MKDIR /a/d| = OK|
        0b WRITE /ab|1 = OK|
        0b READ /a| = 1
        0 ! nothing
        # Its own changes are told as well.
        0 WRITE /a/b|2 = OK|
        0 ! /a/b|t|
        """);

    [Fact]
    public void The_first_event_comes_after_the_answer()
    {
        var core = new StoreCore(new StoreQuota());
        StoreSession session = core.Connect(DomainId.Zero, static () => { });
        core.Handle(session, new XsPacket(XsOperation.Watch, 1, 0, "/a\0t\0"u8.ToArray()));
        Assert.True(session.TryTake(out _, out bool isAnswer));
        Assert.True(isAnswer);
        Assert.True(session.TryTake(out _, out isAnswer));
        Assert.False(isAnswer);
    }

    [Fact]
    public void The_root_sees_all_nodes_but_no_special_events() => StoreTable.Play("""
        0 WATCH /|t| = OK|
        0 ! /|t|
        0 WRITE /a/b|1 = OK|
        0 ! /a/b|t|
        0 INTRODUCE 1|1|1| = OK|
        0 ! nothing
        """);

    [Fact]
    public void Removal_tells_watches_above_the_removed_path_and_watches_below_their_own() => StoreTable.Play("""
        0 WRITE /a/b/c/d|1 = OK|
        0 WATCH /a|above| = OK|
        0 ! /a|above|
        0 WATCH /a/b|at| = OK|
        0 ! /a/b|at|
        0 WATCH /a/b/c|below| = OK|
        0 ! /a/b/c|below|
        0 WATCH /a/b/c/never|nothing-there| = OK|
        0 ! /a/b/c/never|nothing-there|
        0 WATCH /a/bb|beside| = OK|
        0 ! /a/bb|beside|
        0 RM /a/b| = OK|
        0 ! /a/b|at|
        0 ! /a/b|above|
        0 ! /a/b/c|below|
        0 ! nothing
        # Nothing was there: nothing happened.
        0 RM /a/b| = OK|
        0 ! nothing
        """);

    [Fact]
    public void Changes_of_a_transaction_are_told_at_commit_and_never_if_it_is_aborted() => StoreTable.Play("""
        0 WATCH /a|t| = OK|
        0 ! /a|t|
        1:x START | = *
        0:y START | = *
        0:y WRITE /a/b|1 = OK|
        0:y WRITE /a/c|1 = OK|
        0:y RM /a/b| = OK|
        0 ! nothing
        0:y END T| = OK|
        0 ! /a/b|t|
        0 ! /a/c|t|
        0 ! nothing
        0:z START | = *
        0:z WRITE /a/b|1 = OK|
        0:z END F| = OK|
        0 ! nothing
        """);

    [Fact]
    public void A_watch_is_known_by_path_and_token() => StoreTable.Play("""
        0 WATCH /a|t| = OK|
        0 WATCH /a|t| = EEXIST
        0 WATCH /a|u| = OK|
        0 WATCH /b|t| = OK|
        0 ! /a|t|
        0 ! /a|u|
        0 ! /b|t|
        0 UNWATCH /a|x| = ENOENT
        0b UNWATCH /a|t| = ENOENT
        0 UNWATCH /a|t| = OK|
        0 WRITE /a|1 = OK|
        0 ! /a|u|
        0 ! nothing
        0 RESET | = OK|
        0 WRITE /a|1 = OK|
        0 WRITE /b|1 = OK|
        0 ! nothing
        0 UNWATCH /a|u| = ENOENT
        """);

    [Fact]
    public void Events_of_a_watch_that_was_taken_away_are_dropped()
    {
        var table = new StoreTable();
        StoreSession session = table.SessionOf("0");
        table.Run("0 WATCH /a|t| = OK|");
        table.Run("0b WRITE /a|1 = OK|");
        table.Core.Handle(session, new XsPacket(XsOperation.Unwatch, 9, 0, "/a\0t\0"u8.ToArray()));
        Assert.True(session.TryTake(out XsPacket answer, out bool isAnswer));
        Assert.True(isAnswer);
        Assert.Equal(9u, answer.RequestId);
        Assert.False(session.TryTake(out _, out _));
    }

    [Fact]
    public void Only_those_who_may_read_hear_of_a_change() => StoreTable.Play("""
        0 WRITE /secret/x|1 = OK|
        0 WRITE /open/x|1 = OK|
        0 SETPERMS /open/x|n0|r1| = OK|
        1 WATCH /secret|t| = OK|
        1 ! /secret|t|
        1 WATCH /open/x|u| = OK|
        1 ! /open/x|u|
        2 WATCH /open/x|u| = OK|
        2 ! /open/x|u|
        0 WRITE /secret/x|2 = OK|
        0 WRITE /open/x|2 = OK|
        1 ! /open/x|u|
        1 ! nothing
        2 ! nothing
        # Who could read it hears that it went, and that it is no longer readable.
        0 SETPERMS /open/x|n0| = OK|
        1 ! /open/x|u|
        0 WRITE /open/x|3 = OK|
        1 ! nothing
        0 SETPERMS /open/x|n0|r1| = OK|
        1 ! /open/x|u|
        0 RM /open| = OK|
        1 ! nothing
        """);

    [Fact]
    public void Who_may_read_the_parent_hears_of_its_children() => StoreTable.Play("""
        0 WRITE /p/x|1 = OK|
        0 SETPERMS /p|n0|r1| = OK|
        1 WATCH /p|t| = OK|
        1 ! /p|t|
        0 WRITE /p/x|2 = OK|
        1 ! /p/x|t|
        0 RM /p/x| = OK|
        1 ! /p/x|t|
        """);

    [Fact]
    public void Special_events_are_for_dom0_and_whom_it_lets() => StoreTable.Play("""
        0 WATCH @introduceDomain|i| = OK|
        0 ! @introduceDomain|i|
        0 WATCH @releaseDomain|r| = OK|
        0 ! @releaseDomain|r|
        1 WATCH @releaseDomain|r| = OK|
        1 ! @releaseDomain|r|
        1 GETPERMS @releaseDomain| = EACCES
        1 SETPERMS @releaseDomain|n1| = EACCES
        0 GETPERMS @releaseDomain| = n0|
        0 INTRODUCE 5|1|1| = OK|
        0 ! @introduceDomain|i|
        # Only the first time.
        0 INTRODUCE 5|1|1| = OK|
        0 RELEASE 5| = OK|
        0 ! @releaseDomain|r|
        0 ! nothing
        1 ! nothing
        0 SETPERMS @releaseDomain|n0|r1| = OK|
        1 GETPERMS @releaseDomain| = n0|r1|
        0 INTRODUCE 5|1|1| = OK|
        0 RELEASE 5| = OK|
        1 ! @releaseDomain|r|
        """);

    [Fact]
    public void A_change_that_was_not_yet_read_is_told_once()
    {
        var table = new StoreTable();
        StoreSession session = table.SessionOf("1");
        table.Run("""
            0 SETPERMS /|r0| = OK|
            1 WATCH /a|t| = OK|
            1 ! /a|t|
            """);
        for (int i = 0; i < 100_000; i++)
            table.Core.Handle(table.SessionOf("0"), new XsPacket(XsOperation.Write, 1, 0, "/a\0x"u8.ToArray()));
        Assert.Equal(1, session.OutboxCount);
        table.Run("""
            1 ! /a|t|
            1 ! nothing
            0 WRITE /a|again = OK|
            1 ! /a|t|
            """);
    }

    [Fact]
    public void Too_many_changes_are_told_as_one_of_the_watched_path()
    {
        var quota = new StoreQuota { EventsPerWatchMax = 3 };
        var table = new StoreTable(quota);
        StoreSession session = table.SessionOf("0");
        table.Run("""
            0 WATCH /a|t| = OK|
            0 ! /a|t|
            """);
        for (int i = 0; i < 100; i++) table.Run($"0b WRITE /a/{i}|x = OK|");
        Assert.Equal(4, session.OutboxCount);
        table.Run("""
            0 ! /a/0|t|
            0 ! /a/1|t|
            0 ! /a/2|t|
            0 ! /a|t|
            0 ! nothing
            0b WRITE /a/0|x = OK|
            0 ! /a/0|t|
            """);
    }
}
