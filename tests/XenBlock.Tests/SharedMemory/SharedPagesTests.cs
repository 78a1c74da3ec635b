using XenBlock.SharedMemory;
using Xunit;

namespace XenBlock.Tests.SharedMemory;

public sealed class SharedPagesTests
{
    private readonly PinnedPages _pages = new();

    private SharedPages View => _pages.View;

    [Fact]
    public void Words_are_read_and_written_where_they_are()
    {
        View.StoreRelease(8, 0x04030201);
        Assert.Equal([1, 2, 3, 4], _pages.Bytes[8..12]);
        Assert.Equal(0x04030201u, View.LoadAcquire(8));
        View.StoreRelease64(16, 0x1122334455667788);
        Assert.Equal(0x1122334455667788ul, View.LoadAcquire64(16));
        Assert.Equal(0x55667788u, View.LoadAcquire(16));
    }

    [Fact]
    public void A_word_is_exchanged_only_if_it_is_the_one_expected()
    {
        View.StoreRelease(0, 5);
        Assert.Equal(5u, View.CompareExchange(0, 6, 4));
        Assert.Equal(5u, View.LoadAcquire(0));
        Assert.Equal(5u, View.CompareExchange(0, 6, 5));
        Assert.Equal(6u, View.LoadAcquire(0));
        Assert.Equal(6, View.CompareExchange16(0, 9, 6));
        Assert.Equal(9u, View.LoadAcquire(0));
        Assert.Equal(9ul, View.CompareExchange64(0, 10, 9));
        Assert.Equal(10u, View.Exchange(0, 11));
        Assert.Equal(11u, View.LoadAcquire(0));
    }

    [Fact]
    public void Sums_and_bits_wrap_and_give_what_they_say()
    {
        View.StoreRelease(4, uint.MaxValue);
        Assert.Equal(1u, View.Add(4, 2));
        Assert.Equal(1u, View.Or(4, 6));
        Assert.Equal(7u, View.And(4, 5));
        Assert.Equal(5u, View.LoadAcquire(4));
    }

    [Fact]
    public void Copies_are_of_the_bytes_asked_for_and_no_others()
    {
        View.CopyIn(100, [1, 2, 3]);
        var copy = new byte[5];
        View.CopyOut(99, copy);
        Assert.Equal([0, 1, 2, 3, 0], copy);
        View.CopyIn(200, 0x0A0B0C0Du);
        Assert.Equal(0x0A0B0C0Du, View.CopyOut<uint>(200));
        Assert.Equal(0x0B0C, View.CopyOut<ushort>(201));
        View.Clear(100, 2);
        Assert.Equal([0, 0, 3], _pages.Bytes[100..103]);
        View.CopyOut(4096, []);
    }

    [Fact]
    public void A_part_is_a_view_of_its_own()
    {
        SharedPages part = View.Slice(1024, 512);
        part.StoreRelease(0, 77);
        Assert.Equal(77u, View.LoadAcquire(1024));
        Assert.Equal(512, part.LengthBytes);
        Assert.Equal(View.Address + 1024, part.Address);
        Assert.Throws<ArgumentOutOfRangeException>(() => part.LoadAcquire(512));
        PayloadSegment payload = View.Payload(1024, 16);
        Assert.Equal(part.Address, payload.Address);
        Assert.Equal(16, payload.LengthBytes);
        Assert.Equal(77, payload.AsSpan()[0]);
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(-4)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue - 3)]
    public void An_offset_outside_throws_whatever_is_done_there(int offset)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => View.LoadAcquire(offset));
        Assert.Throws<ArgumentOutOfRangeException>(() => View.StoreRelease(offset, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => View.CompareExchange(offset, 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => View.CopyOut<uint>(offset));
        Assert.Throws<ArgumentOutOfRangeException>(() => View.CopyIn(offset, 1u));
        Assert.Throws<ArgumentOutOfRangeException>(() => View.CopyOut(offset, new byte[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => View.CopyIn(offset, [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => View.Payload(offset, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => View.Slice(offset, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => View.Clear(offset, 1));
    }

    [Theory]
    [InlineData(4093, 4)]
    [InlineData(0, 4097)]
    [InlineData(0, -1)]
    [InlineData(4096, 1)]
    [InlineData(1, int.MaxValue)]
    public void A_run_that_does_not_fit_throws(int offset, int lengthBytes)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => View.Slice(offset, lengthBytes));
        Assert.Throws<ArgumentOutOfRangeException>(() => View.Payload(offset, lengthBytes));
        Assert.Throws<ArgumentOutOfRangeException>(() => View.Clear(offset, lengthBytes));
    }

    [Fact]
    public void A_word_across_a_boundary_is_refused_since_it_would_tear()
    {
        Assert.Throws<ArgumentException>(() => View.LoadAcquire(2));
        Assert.Throws<ArgumentException>(() => View.StoreRelease64(4, 1));
        Assert.Throws<ArgumentException>(() => View.CompareExchange16(1, 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SharedPages(1, -1));
    }
}
