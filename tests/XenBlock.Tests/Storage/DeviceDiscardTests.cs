using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Storage;

public sealed class DeviceDiscardTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("xenblock").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("4294966784", "4096", true, 4096)]
    [InlineData("0", "0", false, 0)]
    [InlineData("0", "512", false, 512)]
    [InlineData(null, null, true, 0)]
    [InlineData("nonsense", "-1", true, 0)]
    public void What_the_kernel_says_of_a_disk_is_believed(
        string? most, string? granularity, bool isSupported, int granularityBytes)
    {
        string disk = Disk(most, granularity);
        Assert.Equal(new DeviceDiscard(isSupported, granularityBytes), DeviceDiscard.OfQueue(disk));
    }

    [Fact]
    public void A_partition_is_as_its_disk()
    {
        string disk = Disk("0", "0");
        string partition = Path.Combine(disk, "sda1");
        Directory.CreateDirectory(partition);
        string link = Path.Combine(_root, "class-sda1");
        Directory.CreateSymbolicLink(link, partition);
        Assert.False(DeviceDiscard.OfQueue(link).IsSupported);
    }

    private string Disk(string? most, string? granularity)
    {
        string disk = Path.Combine(_root, "sda");
        string queue = Path.Combine(disk, "queue");
        Directory.CreateDirectory(queue);
        if (most is not null) File.WriteAllText(Path.Combine(queue, "discard_max_bytes"), most + "\n");
        if (granularity is not null) File.WriteAllText(Path.Combine(queue, "discard_granularity"), granularity + "\n");
        return disk;
    }
}
