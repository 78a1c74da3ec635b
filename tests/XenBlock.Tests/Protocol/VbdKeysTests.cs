using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Protocol;

public sealed class VbdKeysTests
{
    private static readonly DomainId _guest = new(7);

    [Fact]
    public void Paths_are_those_of_the_toolstack()
    {
        VbdNumber xvda = VbdName.Parse("xvda");
        Assert.Equal("/local/domain/7/device/vbd/51712", VbdPaths.Frontend(_guest, xvda));
        Assert.Equal("/local/domain/0/backend/vbd/7/51712", VbdPaths.Backend(DomainId.Zero, _guest, xvda));
        Assert.Equal("/local/domain/7/device/vbd", VbdPaths.Frontends(_guest));
        Assert.Equal("/local/domain/3/backend/vbd", VbdPaths.Backends(new DomainId(3)));
        Assert.Equal("/local/domain/3/backend/vbd/7", VbdPaths.Backends(new DomainId(3), _guest));
        Assert.Equal("/local/domain/7", VbdPaths.Domain(_guest));
    }

    [Fact]
    public void Numbered_keys_count_from_zero()
    {
        Assert.Equal("ring-ref0", VbdKeys.RingRefN(0));
        Assert.Equal("ring-ref15", VbdKeys.RingRefN(15));
        Assert.Equal("queue-2", VbdKeys.QueueN(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => VbdKeys.RingRefN(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => VbdKeys.QueueN(-1));
    }

    [Fact]
    public void Identifiers_say_what_they_are()
    {
        Assert.Equal("dom7", _guest.ToString());
        Assert.Equal(0x7FF0, DomainId.Self.Value);
        Assert.Equal("port 5", new EventChannelPort(5).ToString());
        Assert.Equal("gref 8", new GrantReference(GrantReference.FirstUsable).ToString());
    }

    [Theory]
    [InlineData(BlkifAbi.X86_64, "x86_64-abi")]
    [InlineData(BlkifAbi.X86_32, "x86_32-abi")]
    [InlineData(BlkifAbi.Arm, "arm-abi")]
    public void Layouts_have_names(BlkifAbi abi, string name)
    {
        Assert.Equal(name, BlkifAbiNames.Format(abi));
        Assert.True(BlkifAbiNames.TryParse(name, out BlkifAbi read));
        Assert.Equal(abi, read);
    }

    [Fact]
    public void A_layout_that_is_none_is_refused()
    {
        Assert.False(BlkifAbiNames.TryParse("riscv-abi", out _));
        Assert.False(BlkifAbiNames.TryParse(null, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => BlkifAbiNames.Format((BlkifAbi)9));
        Assert.True(Enum.IsDefined(BlkifAbiNames.Native));
    }
}
