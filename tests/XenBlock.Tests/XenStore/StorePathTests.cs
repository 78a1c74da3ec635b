using System.Text;
using XenBlock.Protocol;
using XenBlock.XenStore;
using Xunit;

namespace XenBlock.Tests.XenStore;

public sealed class StorePathTests
{
    [Theory]
    [InlineData("/", "/")]
    [InlineData("/a", "/a")]
    [InlineData("/a-b_c@D/09", "/a-b_c@D/09")]
    [InlineData("a", "/local/domain/3/a")]
    [InlineData("a/b", "/local/domain/3/a/b")]
    [InlineData("@releaseDomain", "@releaseDomain")]
    public void A_path_is_read(string text, string expected)
    {
        Assert.True(StorePath.TryParse(Encoding.ASCII.GetBytes(text), new DomainId(3), out StorePath path));
        Assert.Equal(expected, path.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("/a/")]
    [InlineData("a/")]
    [InlineData("//")]
    [InlineData("/a//b")]
    [InlineData("/a b")]
    [InlineData("/a.b")]
    [InlineData("/a\0b")]
    [InlineData("/ä")]
    [InlineData("@a/b")]
    public void What_is_no_path_is_refused(string text) =>
        Assert.False(StorePath.TryParse(Encoding.UTF8.GetBytes(text), new DomainId(3), out _));

    [Theory]
    [InlineData('/', 3072, true)]
    [InlineData('/', 3073, false)]
    [InlineData('a', 2048, true)]
    [InlineData('a', 2049, false)]
    [InlineData('@', 2048, true)]
    [InlineData('@', 2049, false)]
    public void Length_is_bounded(char first, int lengthBytes, bool isGood)
    {
        byte[] raw = Encoding.ASCII.GetBytes(first + new string('x', lengthBytes - 1));
        Assert.Equal(isGood, StorePath.TryParse(raw, new DomainId(3), out _));
    }

    [Fact]
    public void Parent_names_and_contents_agree()
    {
        var path = new StorePath("/a/b");
        Assert.Equal(["a", "b"], path.Names());
        Assert.Equal(new StorePath("/a"), path.Parent);
        Assert.Equal(StorePath.Root, path.Parent.Parent);
        Assert.Equal(StorePath.Root, StorePath.Root.Parent);
        Assert.Empty(StorePath.Root.Names());
        Assert.True(path.Contains(path));
        Assert.True(StorePath.Root.Contains(path));
        Assert.True(path.Contains(new StorePath("/a/b/c")));
        Assert.False(path.Contains(new StorePath("/a/bc")));
        Assert.False(path.Contains(new StorePath("/a")));
        Assert.False(StorePath.Root.Contains(new StorePath("@a")));
    }

    [Fact]
    public void The_deepest_path_that_fits_can_be_written_and_removed()
    {
        string deep = string.Concat(Enumerable.Repeat("/d", 1536));
        StoreTable.Play($"""
            0 WATCH {deep}|t| = OK|
            0 ! {deep}|t|
            0 WRITE {deep}|x = OK|
            0 READ {deep}| = x
            0 ! {deep}|t|
            0 RM /d| = OK|
            0 ! {deep}|t|
            """);
    }
}
