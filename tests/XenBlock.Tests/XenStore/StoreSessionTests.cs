using XenBlock.XenStore;
using Xunit;

namespace XenBlock.Tests.XenStore;

/// <summary>Sessions as tables: see <see cref="StoreTable"/> for how to read them.</summary>
public sealed class StoreSessionTests
{
    [Fact]
    public void Nodes_are_written_read_listed_and_removed() => StoreTable.Play("""
        0 READ /a| = ENOENT
        0 WRITE /a/b/c|one = OK|
        0 READ /a/b/c| = one
        0 READ /a/b| =
        0 WRITE /a/b/c| = OK|
        0 READ /a/b/c| =
        0 WRITE /a/b/c|with|zero|bytes = OK|
        0 READ /a/b/c| = with|zero|bytes
        0 MKDIR /a/b/d| = OK|
        0 MKDIR /a/b/c| = OK|
        0 READ /a/b/c| = with|zero|bytes
        0 LIST /a/b| = c|d|
        0 LIST /a/b/c| =
        0 LIST /a/x| = ENOENT
        0 LIST /| = a|
        0 RM /a/b| = OK|
        0 READ /a/b/c| = ENOENT
        # Not to be there is what was wanted, but its parent must be.
        0 RM /a/b| = OK|
        0 RM /x/y| = ENOENT
        0 RM /| = EINVAL
        0 WRITE /|root = OK|
        0 READ /| = root
        """);

    [Fact]
    public void Malformed_requests_are_invalid() => StoreTable.Play("""
        0 READ /a = EINVAL
        0 READ = EINVAL
        0 READ | = EINVAL
        0 READ /a/| = EINVAL
        0 READ //a| = EINVAL
        0 READ /a//b| = EINVAL
        0 READ /a.b| = EINVAL
        0 READ /a b| = EINVAL
        0 WRITE @a|x = EINVAL
        0 LIST @releaseDomain| = EINVAL
        0 READ @releaseDomain/a| = EINVAL
        0 GETPERMS @other| = EINVAL
        0 LISTPART /| = EINVAL
        0 LISTPART /|-1| = EINVAL
        0 LISTPART /|0 = EINVAL
        0 LISTPART /|99999999999| = EINVAL
        0 SETPERMS /| = EINVAL
        0 SETPERMS /|n1 = EINVAL
        0 SETPERMS /|x1| = EINVAL
        0 SETPERMS /|n| = EINVAL
        0 SETPERMS /|n+1| = EINVAL
        0 SETPERMS /|n65536| = EINVAL
        0 SETPERMS /|n0|r1|| = EINVAL
        0 SETPERMS @releaseDomain|z| = EINVAL
        0 WATCH /a| = EINVAL
        0 WATCH /a|t = EINVAL
        0 WATCH /a = EINVAL
        0 WATCH /a.b|t| = EINVAL
        0 UNWATCH /a| = EINVAL
        0 END T| = ENOENT
        0 END T = EINVAL
        0 END X| = EINVAL
        0 PATH x| = EINVAL
        0 PATH 1 = EINVAL
        0 PATH 32752| = EINVAL
        0 ISINTRODUCED | = EINVAL
        0 INTRODUCE 0|1|1| = EINVAL
        0 INTRODUCE 1| = EINVAL
        0 INTRODUCE 70000|1|1| = EINVAL
        0 TARGET 1| = EINVAL
        0 CONTROL explode| = EINVAL
        0 CONTROL = EINVAL
        0 GETFEATURE x| = EINVAL
        0 SETFEATURE 1|0| = EINVAL
        0 EVENT /a|t| = ENOSYS
        0 BEYOND | = ENOSYS
        """);

    [Fact]
    public void Relative_paths_start_from_the_callers_directory() => StoreTable.Play("""
        0 MKDIR /local/domain/1| = OK|
        0 SETPERMS /local/domain/1|n1| = OK|
        1 WRITE device/vbd|x = OK|
        0 READ /local/domain/1/device/vbd| = x
        1 LIST device| = vbd|
        1 READ /local/domain/1/device/vbd| = x
        0 WRITE tool|y = OK|
        0 READ /local/domain/0/tool| = y
        1 WATCH device|t| = OK|
        1 ! device|t|
        0 WRITE /local/domain/1/device/vbd|z = OK|
        1 ! device/vbd|t|
        1 WATCH /local/domain/1/device|u| = OK|
        1 ! /local/domain/1/device|u|
        0 RM /local/domain/1/device| = OK|
        1 ! device|t|
        1 ! /local/domain/1/device|u|
        1 ! nothing
        1 UNWATCH /local/domain/1/device|t| = ENOENT
        1 UNWATCH device|t| = OK|
        """);

    [Fact]
    public void Long_lists_come_in_parts() => StoreTable.Play("""
        0 LISTPART /|0| = 0||
        0 MKDIR /aa| = OK|
        0 MKDIR /b| = OK|
        0 LISTPART /|0| = 2|aa|b||
        0 LISTPART /|3| = 2|b||
        0 LISTPART /|5| = 2||
        0 LISTPART /|500| = 2||
        # The count goes up when the list changes, not when something below does.
        0 WRITE /aa|x = OK|
        0 LISTPART /|0| = 2|aa|b||
        0 RM /aa| = OK|
        0 LISTPART /|0| = 4|b||
        0 LISTPART /x|0| = ENOENT
        """);

    [Fact]
    public void A_list_that_does_not_fit_is_refused_and_its_parts_fit_exactly()
    {
        var table = new StoreTable();
        var names = new List<string>();
        for (int i = 0; i < 200; i++)
        {
            names.Add($"n{i:000}-{new string('x', i)}");
            table.Run($"0 WRITE /many/{names[i]}|v = OK|");
        }

        table.Run("0 LIST /many| = E2BIG");
        string expected = string.Concat(names.Select(static name => name + "\0"));
        string got = "";
        while (true)
        {
            byte[] part = table.Ask("0", XsOperation.DirectoryPart, $"/many|{got.Length}|").Payload.ToArray();
            Assert.InRange(part.Length, 1, 4096);
            string text = System.Text.Encoding.ASCII.GetString(part);
            text = text[(text.IndexOf('\0', StringComparison.Ordinal) + 1)..];
            bool isLast = text is "\0" || text.EndsWith("\0\0", StringComparison.Ordinal);
            got += isLast ? text[..^1] : text;
            if (isLast) break;
            Assert.True(part.Length > 4096 - 210, "a part leaves room for another name");
        }

        Assert.Equal(expected, got);
    }

    [Fact]
    public void Domains_are_introduced_and_released_by_dom0_alone() => StoreTable.Play("""
        0 ISINTRODUCED 1| = F|
        1 INTRODUCE 1|5|6| = EACCES
        0 INTRODUCE 1|5|6| = OK|
        0 ISINTRODUCED 1| = T|
        1 ISINTRODUCED 0| = T|
        0 PATH 1| = /local/domain/1|
        1 PATH 7| = /local/domain/7|
        1 RELEASE 1| = EACCES
        1 RESUME 1| = EACCES
        1 TARGET 1|0| = EACCES
        1 CONTROL check| = EACCES
        1 SETQUOTA 1|nodes|5| = EACCES
        1 SETFEATURE 1|0| = EACCES
        0 RESUME 1| = OK|
        0 RESUME 2| = ENOENT
        0 RELEASE 1| = OK|
        0 RELEASE 1| = ENOENT
        0 ISINTRODUCED 1| = F|
        """);

    [Fact]
    public void A_released_domain_loses_its_watches_and_transactions() => StoreTable.Play("""
        0 INTRODUCE 1|5|6| = OK|
        0 WRITE /a|x = OK|
        0 SETPERMS /a|b0| = OK|
        1 WATCH /a|t| = OK|
        1 ! /a|t|
        1:t START | = *
        2 WATCH /a|t| = OK|
        2 ! /a|t|
        0 RELEASE 1| = OK|
        0 WRITE /a|y = OK|
        1 ! nothing
        1:t READ /a| = ENOENT
        2 ! /a|t|
        """);

    [Fact]
    public void A_domain_has_the_rights_of_its_target_as_well() => StoreTable.Play("""
        0 INTRODUCE 1|5|6| = OK|
        0 INTRODUCE 2|5|6| = OK|
        0 WRITE /of1|x = OK|
        0 SETPERMS /of1|n1| = OK|
        0 WRITE /for1|y = OK|
        0 SETPERMS /for1|n0|r1| = OK|
        2 READ /of1| = EACCES
        0 TARGET 2|3| = ENOENT
        0 TARGET 3|1| = ENOENT
        0 TARGET 2|x| = EINVAL
        0 TARGET 2|1| = OK|
        2 READ /of1| = x
        2 READ /for1| = y
        2 WRITE /for1|z = EACCES
        2 SETPERMS /of1|n1|r5| = OK|
        0 RELEASE 2| = OK|
        2 READ /of1| = EACCES
        """);

    [Fact]
    public void The_rights_of_a_target_end_with_it_and_do_not_pass_to_who_has_its_number_next() => StoreTable.Play("""
        0 INTRODUCE 1|5|6| = OK|
        0 INTRODUCE 2|5|6| = OK|
        0 WRITE /of1|x = OK|
        0 SETPERMS /of1|n1| = OK|
        0 TARGET 2|1| = OK|
        2 READ /of1| = x
        0 RELEASE 1| = OK|
        2 READ /of1| = EACCES
        0 INTRODUCE 1|5|6| = OK|
        2 READ /of1| = EACCES
        """);

    [Fact]
    public void Control_features_and_quotas_are_answered() => StoreTable.Play("""
        0 CONTROL check| = OK|
        0 CONTROL log|on| = OK|
        0 CONTROL print|hello| = OK|
        0 CONTROL help| = *
        1 GETFEATURE = 0|
        1 GETFEATURE | = 0|
        0 GETFEATURE 1| = 0|
        1 GETQUOTA = nodes watches transactions transaction-nodes node-size node-permissions outstanding|
        1 GETQUOTA | = nodes watches transactions transaction-nodes node-size node-permissions outstanding|
        1 GETQUOTA nodes| = 1000|
        0 GETQUOTA 5|watches| = 128|
        0 GETQUOTA moon| = ENOENT
        0 SETQUOTA nodes|5| = EPERM
        """);
}
