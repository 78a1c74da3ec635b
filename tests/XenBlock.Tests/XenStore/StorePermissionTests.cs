using XenBlock.Protocol;
using XenBlock.XenStore;
using Xunit;

namespace XenBlock.Tests.XenStore;

public sealed class StorePermissionTests
{
    [Theory]
    // Permissions of the node | who asks | may read | may write | may set permissions
    [InlineData("n1", 1, true, true, true)]
    [InlineData("n1", 2, false, false, false)]
    [InlineData("r1", 2, true, false, false)]
    [InlineData("w1", 2, false, true, false)]
    [InlineData("b1", 2, true, true, false)]
    [InlineData("n1", 0, true, true, true)]
    [InlineData("n1,r2", 2, true, false, false)]
    [InlineData("n1,w2", 2, false, true, false)]
    [InlineData("n1,b2", 2, true, true, false)]
    [InlineData("n1,n2,b2", 2, false, false, false)]
    [InlineData("b1,n2", 2, false, false, false)]
    [InlineData("b1,n2", 3, true, true, false)]
    [InlineData("n1,r3", 2, false, false, false)]
    public void The_permissions_decide(string permissions, int domain, bool read, bool write, bool own)
    {
        var table = new StoreTable();
        table.Run($"""
            0 WRITE /a|x = OK|
            0 SETPERMS /a|{permissions.Replace(',', '|')}| = OK|
            {domain} READ /a| = {(read ? "x" : "EACCES")}
            {domain} LIST /a| = {(read ? "" : "EACCES")}
            {domain} LISTPART /a|0| = {(read ? "*" : "EACCES")}
            {domain} GETPERMS /a| = {(read ? permissions.Replace(',', '|') + "|" : "EACCES")}
            {domain} MKDIR /a| = {(read ? "OK|" : "EACCES")}
            {domain} WRITE /a|x = {(write ? "OK|" : "EACCES")}
            {domain} WRITE /a/b/c|x = {(write ? "OK|" : "EACCES")}
            {domain} MKDIR /a/d| = {(write ? "OK|" : "EACCES")}
            {domain} SETPERMS /a|{permissions.Replace(',', '|')}| = {(own ? "OK|" : "EACCES")}
            {domain} RM /a| = {(write ? "OK|" : "EACCES")}
            """);
    }

    [Fact]
    public void A_new_node_has_its_parents_permissions_and_a_guests_is_the_guests() => StoreTable.Play("""
        0 MKDIR /shared| = OK|
        0 SETPERMS /shared|b0|r5| = OK|
        0 WRITE /shared/by0/below|x = OK|
        0 GETPERMS /shared/by0| = b0|r5|
        0 GETPERMS /shared/by0/below| = b0|r5|
        1 WRITE /shared/by1/below|x = OK|
        0 GETPERMS /shared/by1| = b1|r5|
        0 GETPERMS /shared/by1/below| = b1|r5|
        # dom0 below a guest's node makes nodes of the guest's.
        0 WRITE /shared/by1/by0|x = OK|
        0 GETPERMS /shared/by1/by0| = b1|r5|
        """);

    [Fact]
    public void What_is_not_there_is_as_secret_as_the_node_above() => StoreTable.Play("""
        0 MKDIR /closed| = OK|
        0 MKDIR /open| = OK|
        0 SETPERMS /open|r0| = OK|
        1 READ /closed/x| = EACCES
        1 READ /open/x| = ENOENT
        1 READ /open/x/y| = ENOENT
        1 SETPERMS /open/x|n1| = EACCES
        1 RM /open/x| = EACCES
        1 RM /closed/x| = EACCES
        0 SETPERMS /nothing|n1| = ENOENT
        """);

    [Fact]
    public void Only_dom0_gives_a_node_away() => StoreTable.Play("""
        0 WRITE /a|x = OK|
        0 SETPERMS /a|n1| = OK|
        1 SETPERMS /a|n2| = EPERM
        1 SETPERMS /a|r1|b2| = OK|
        2 SETPERMS /a|n2| = EACCES
        0 SETPERMS /a|n2| = OK|
        1 READ /a| = EACCES
        2 READ /a| = x
        """);

    // A guest's node has its parent's entries, but its own number, which may be longer: 4,093 bytes become 4,097.
    [Fact]
    public void Permissions_that_fit_in_no_answer_are_too_big_instead_of_the_end_of_the_connection()
    {
        var table = new StoreTable();
        string most = string.Concat(Enumerable.Repeat("n1|", 1362));
        table.Run($"""
            0 MKDIR /a| = OK|
            0 SETPERMS /a|b0|n10|{most} = OK|
            0 GETPERMS /a| = b0|n10|{most}
            12345 MKDIR /a/b| = OK|
            12345 GETPERMS /a/b| = E2BIG
            """);
    }

    [Theory]
    [InlineData(StoreRights.None, 0, "n0")]
    [InlineData(StoreRights.Read, 1, "r1")]
    [InlineData(StoreRights.Write, 2, "w2")]
    [InlineData(StoreRights.Read | StoreRights.Write, 65535, "b65535")]
    internal void A_permission_is_written_as_it_is_read(StoreRights rights, ushort domain, string text)
    {
        var permission = new StorePermission(rights, new DomainId(domain));
        Assert.Equal(text, permission.ToString());
        Assert.True(StorePermission.TryParse(System.Text.Encoding.ASCII.GetBytes(text), out StorePermission read));
        Assert.Equal(permission, read);
    }
}
