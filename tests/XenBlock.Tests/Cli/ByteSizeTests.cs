using XenBlock.Cli.Output;
using Xunit;

namespace XenBlock.Tests.Cli;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("0", 0L)]
    [InlineData("512", 512L)]
    [InlineData("45056", 45_056L)]
    [InlineData("4K", 4096L)]
    [InlineData("44k", 45_056L)]
    [InlineData("44KiB", 45_056L)]
    [InlineData("1M", 1L << 20)]
    [InlineData("1MB", 1L << 20)]
    [InlineData(" 2 MiB", -1L)]
    [InlineData("3g", 3L << 30)]
    [InlineData("8T", 8L << 40)]
    [InlineData("8388608T", -1L)]
    [InlineData("", -1L)]
    [InlineData("K", -1L)]
    [InlineData("-4K", -1L)]
    [InlineData("4.5K", -1L)]
    [InlineData("4X", -1L)]
    public void A_size_is_read_as_people_type_it(string text, long expected)
    {
        bool isSize = ByteSize.TryParse(text, out long bytes);

        Assert.Equal(expected >= 0, isSize);
        if (isSize)
            Assert.Equal(expected, bytes);
    }

    [Theory]
    [InlineData(512, "512 B")]
    [InlineData(4096, "4 KiB")]
    [InlineData(45_056, "44 KiB")]
    [InlineData(45_057, "45,057 B")]
    [InlineData(1 << 20, "1 MiB")]
    [InlineData(3L << 30, "3 GiB")]
    public void A_size_is_written_exactly(long bytes, string expected) =>
        Assert.Equal(expected, ByteSize.Format(bytes));
}
