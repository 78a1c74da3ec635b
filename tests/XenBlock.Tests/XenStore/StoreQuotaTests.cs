using XenBlock.XenStore;
using Xunit;

namespace XenBlock.Tests.XenStore;

public sealed class StoreQuotaTests
{
    [Fact]
    public void A_guest_owns_a_thousand_nodes_and_no_more()
    {
        StoreTable table = Open();
        for (int i = 0; i < 1000; i++) table.Run($"1 WRITE /p/{i}|x = OK|");
        table.Run("""
            1 WRITE /p/more|x = ENOSPC
            1 MKDIR /p/more| = ENOSPC
            1 WRITE /p/999|changed = OK|
            2 WRITE /p/others|x = OK|
            0 WRITE /p/dom0s|x = OK|
            1 RM /p/0| = OK|
            1 WRITE /p/more|x = OK|
            1 WRITE /p/still-more|x = ENOSPC
            """);
    }

    [Fact]
    public void Every_node_that_is_made_or_given_counts()
    {
        StoreTable table = Open(new StoreQuota { NodesMax = 3 });
        table.Run("""
            1 WRITE /p/a/b/c/d|x = ENOSPC
            1 WRITE /p/a/b/c|x = OK|
            1 MKDIR /p/d| = ENOSPC
            1 RM /p/a/b| = OK|
            1 WRITE /p/d|x = OK|
            0 WRITE /p/given|x = OK|
            0 SETPERMS /p/given|n1| = OK|
            1 MKDIR /p/e| = ENOSPC
            0 SETPERMS /p/given|n2| = OK|
            1 MKDIR /p/e| = OK|
            """);
    }

    [Fact]
    public void A_value_has_at_most_2048_bytes_for_a_guest()
    {
        StoreTable table = Open();
        string full = new('x', 2048);
        table.Run($"""
            1 WRITE /p/a|{full} = OK|
            1 WRITE /p/a|{full}y = ENOSPC
            1 READ /p/a| = {full}
            0 WRITE /p/a|{full}y = OK|
            """);
    }

    [Fact]
    public void A_guest_sets_128_watches()
    {
        StoreTable table = Open();
        for (int i = 0; i < 128; i++) table.Run($"1 WATCH /p|{i}| = OK|");
        table.Run("""
            1 WATCH /p|more| = E2BIG
            1 UNWATCH /p|0| = OK|
            1 WATCH /p|more| = OK|
            """);
        for (int i = 0; i < 200; i++) table.Run($"0 WATCH /p|{i}| = OK|");
    }

    [Fact]
    public void A_guest_has_10_transactions_open()
    {
        StoreTable table = Open();
        for (int i = 0; i < 10; i++) table.Run($"1:t{i} START | = *");
        table.Run("""
            1 START | = ENOSPC
            1:t3 END F| = OK|
            1 START | = *
            """);
        for (int i = 0; i < 20; i++) table.Run("0 START | = *");
    }

    [Fact]
    public void A_transaction_of_a_guest_is_bounded_in_nodes_and_in_steps()
    {
        StoreTable table = Open(new StoreQuota { NodesPerTransactionMax = 3 });
        table.Run("""
            1:t START | = *
            1:t READ /p/a| = ENOENT
            1:t READ /p/b| = ENOENT
            1:t WRITE /p/a|1 = OK|
            1:t WRITE /p/c|1 = OK|
            1:t READ /p/d| = ENOSPC
            1:t WRITE /p/d|1 = ENOSPC
            1:t WRITE /p/c|2 = OK|
            1:t WRITE /p/c|3 = ENOSPC
            1:t READ /p/c| = 2
            1:t END T| = OK|
            0 LIST /p| = a|c|
            0:u START | = *
            0:u READ /1| = ENOENT
            0:u READ /2| = ENOENT
            0:u READ /3| = ENOENT
            0:u READ /4| = ENOENT
            """);
    }

    [Fact]
    public void A_guest_names_five_domains_in_permissions() => Open().Run("""
        1 WRITE /p/a|x = OK|
        1 SETPERMS /p/a|n1|r2|r3|r4|r5| = OK|
        1 SETPERMS /p/a|n1|r2|r3|r4|r5|r6| = ENOSPC
        0 SETPERMS /p/a|n1|r2|r3|r4|r5|r6| = OK|
        """);

    [Fact]
    public void A_token_that_would_not_fit_in_an_event_is_refused()
    {
        string fits = new('t', 4096 - 3072 - 2);
        Open().Run($"""
            1 WATCH /p|{fits}| = OK|
            1 WATCH /p|{fits}t| = EINVAL
            """);
    }

    private static StoreTable Open(StoreQuota? quota = null)
    {
        var table = new StoreTable(quota);
        table.Run("""
            0 MKDIR /p| = OK|
            0 SETPERMS /p|b0| = OK|
            """);
        return table;
    }
}
