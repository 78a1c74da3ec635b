using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Copy;
using XenBlock.Cli.Serving;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Cli;

public sealed class DiskSpecificationTests
{
    private static readonly DomainId s_domain = new(1);

    [Theory]
    [InlineData("disk.raw", "disk.raw", null)]
    [InlineData("disk.raw=xvdb", "disk.raw", "xvdb")]
    [InlineData("/a=b/disk.raw", "/a=b/disk.raw", null)]
    [InlineData("/a=b/disk.raw=xvdc", "/a=b/disk.raw", "xvdc")]
    public void The_short_form_is_an_image_and_perhaps_a_name(string text, string path, string? vdev)
    {
        DiskSpecification disk = DiskSpecification.ParseShort(text, s_domain, isReadOnly: true);

        Assert.Equal(path, disk.Path);
        Assert.Equal(vdev, disk.Vdev is { } number ? VbdName.Format(number) : null);
        Assert.True(disk.IsReadOnly);
    }

    [Fact]
    public void The_long_form_says_everything_in_any_order()
    {
        DiskSpecification disk = DiskSpecification.ParseLong(
            "mode=r,domain=3,path=/a=b.raw,vdev=sda", s_domain, isReadOnly: false, isXen: false);

        Assert.Equal(new DiskSpecification("/a=b.raw", VbdName.Parse("sda"), new DomainId(3), true), disk);
    }

    [Theory]
    [InlineData("vdev=xvda")]
    [InlineData("path=a.raw,mode=x")]
    [InlineData("path=a.raw,domain=0")]
    [InlineData("path=a.raw,domain=none")]
    [InlineData("a.raw")]
    public void A_long_form_that_makes_no_sense_is_refused(string text) =>
        Assert.Throws<UsageException>(
            () => DiskSpecification.ParseLong(text, s_domain, isReadOnly: false, isXen: false));

    [Fact]
    public void Disks_without_a_name_take_the_next_free_one_of_their_domain()
    {
        DiskSpecification Disk(string? vdev, ushort domain) =>
            new("a.raw", vdev is null ? null : VbdName.Parse(vdev), new DomainId(domain), IsReadOnly: true);

        IReadOnlyList<DiskSpecification> named =
            DiskSpecification.Name([Disk(null, 1), Disk("xvda", 1), Disk(null, 1), Disk(null, 2)]);

        Assert.Equal(["xvdb", "xvda", "xvdc", "xvda"], named.Select(disk => VbdName.Format(disk.Vdev!.Value)));
    }

    [Fact]
    public void Twenty_disks_have_twenty_names()
    {
        DiskSpecification unnamed = new("a.raw", null, s_domain, IsReadOnly: true);

        IReadOnlyList<DiskSpecification> named = DiskSpecification.Name([.. Enumerable.Repeat(unnamed, 20)]);

        Assert.Equal(
            "abcdefghijklmnopqrst".Select(letter => "xvd" + letter),
            named.Select(disk => VbdName.Format(disk.Vdev!.Value)));
    }

    [Theory]
    [InlineData("xvda", true)]
    [InlineData("vbd:xvda", true)]
    [InlineData("vbd:51712", true)]
    [InlineData("51712", false)]
    [InlineData("./xvda", false)]
    [InlineData("disk.raw", false)]
    [InlineData("-", false)]
    public void A_bare_name_of_a_disk_is_the_disk_and_all_else_a_file(string text, bool isDisk) =>
        Assert.Equal(isDisk, CopyEnd.Parse(text).IsDisk);
}
