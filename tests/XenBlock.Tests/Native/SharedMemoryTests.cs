using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using XenBlock.Native;
using XenBlock.SharedMemory;
using Xunit;

namespace XenBlock.Tests.Native;

public sealed class SharedMemoryTests
{
    private const int PageSize = 4096;

    [Fact]
    public void Two_mappings_of_a_memory_file_show_the_same_memory()
    {
        Assert.Equal(0, MemoryFile.Create("test", 4 * PageSize, out SafeFileHandle? file));
        using SafeFileHandle opened = file!;
        Assert.Equal(0, AddressSpace.MapFile(opened, 4 * PageSize, MemoryProtection.ReadWrite, out AddressSpace? one));
        Assert.Equal(0, AddressSpace.Reserve(8 * PageSize, out AddressSpace? window));
        using AddressSpace whole = one!;
        using AddressSpace part = window!;
        SharedPages pages = new(whole.Address, 4 * PageSize);
        pages.CopyIn(3 * PageSize, 77u);

        Assert.Equal(0, part.MapPart(5 * PageSize, PageSize, opened, 3 * PageSize, MemoryProtection.ReadWrite));
        SharedPages seen = new(part.Address + (5 * PageSize), PageSize);
        Assert.Equal(77u, seen.CopyOut<uint>(0));
        seen.CopyIn(4, 88u);

        Assert.Equal(88u, pages.CopyOut<uint>((3 * PageSize) + 4));
        Assert.Equal(0, part.UnmapPart(5 * PageSize, PageSize));
        Assert.Equal(0, whole.PopulatePart(0, 4 * PageSize));
    }

    [Fact]
    public void A_memory_file_keeps_its_length_but_can_be_emptied()
    {
        Assert.Equal(0, MemoryFile.Create("test", 2 * PageSize, out SafeFileHandle? file));
        using SafeFileHandle opened = file!;
        Assert.Equal(0, AddressSpace.MapFile(opened, 2 * PageSize, MemoryProtection.ReadWrite, out AddressSpace? one));
        using AddressSpace whole = one!;
        SharedPages pages = new(whole.Address, 2 * PageSize);
        pages.CopyIn(PageSize, 77u);

        Assert.Equal(Errno.EPERM, PositionedFile.SetLength(opened, PageSize));
        Assert.Equal(Errno.EPERM, PositionedFile.SetLength(opened, 3 * PageSize));
        Assert.Equal(77u, pages.CopyOut<uint>(PageSize));
        Assert.Equal(0, PositionedFile.PunchHole(opened, 0, 2 * PageSize));
        Assert.Equal(0u, pages.CopyOut<uint>(PageSize));
    }

    [Fact]
    public void Mapping_outside_of_the_range_is_our_own_mistake_and_a_bad_file_an_error()
    {
        Assert.Equal(0, AddressSpace.Reserve(2 * PageSize, out AddressSpace? window));
        using AddressSpace space = window!;
        using SafeFileHandle directory = File.OpenHandle("/dev/null");

        Assert.Throws<ArgumentOutOfRangeException>(() => space.UnmapPart(PageSize, 2 * PageSize));
        Assert.Throws<ArgumentOutOfRangeException>(() => space.UnmapPart(-PageSize, PageSize));
        Assert.NotEqual(0, space.MapPart(0, PageSize, directory, 0, MemoryProtection.ReadWrite));
        Assert.Equal(Errno.ENOMEM, AddressSpace.Reserve(1L << 60, out AddressSpace? none));
        Assert.Null(none);
        space.Dispose();
        Assert.Throws<ObjectDisposedException>(() => space.UnmapPart(0, PageSize));
    }

    [Fact]
    public async Task A_futex_sleeps_on_the_expected_value_and_wakes()
    {
        Assert.Equal(0, MemoryFile.Create("test", PageSize, out SafeFileHandle? file));
        using SafeFileHandle opened = file!;
        Assert.Equal(0, AddressSpace.MapFile(opened, PageSize, MemoryProtection.ReadWrite, out AddressSpace? mapped));
        using AddressSpace space = mapped!;
        SharedPages pages = new(space.Address, PageSize);

        Assert.True(Futex.Wait(space.Address, expected: 1, TimeSpan.FromSeconds(20)));
        Assert.False(Futex.Wait(space.Address, expected: 0, TimeSpan.FromMilliseconds(2)));
        Assert.Equal(0, Futex.Wake(space.Address));
        Task<bool> sleeper = Task.Run(() => Futex.Wait(space.Address, expected: 0, TimeSpan.FromSeconds(20)));
        while (Futex.Wake(space.Address) == 0 && !sleeper.IsCompleted)
            await Task.Yield();

        Assert.True(await sleeper);
        Assert.Equal(0u, pages.LoadAcquire(0));
    }

    [Fact]
    public void Descriptors_travel_with_bytes()
    {
        Assert.Equal(0, DescriptorPassing.CreatePair(out Socket? one, out Socket? other));
        using Socket near = one!;
        using Socket far = other!;
        Assert.Equal(0, MemoryFile.Create("test", PageSize, out SafeFileHandle? file));
        using SafeFileHandle opened = file!;
        RandomAccess.Write(opened, "hello"u8, 10);

        Assert.Equal(0, DescriptorPassing.Send(near.SafeHandle, "xyz"u8, [opened, opened]));
        Span<byte> bytes = stackalloc byte[8];
        Span<int> numbers = stackalloc int[DescriptorPassing.DescriptorsMax];
        Assert.Equal(0, DescriptorPassing.Receive(far.SafeHandle, bytes, out int count, numbers, out int descriptors));

        Assert.Equal((3, 2), (count, descriptors));
        Assert.True(bytes[..3].SequenceEqual("xyz"u8));
        using SafeFileHandle received = new(numbers[1], ownsHandle: true);
        using SafeFileHandle spare = new(numbers[0], ownsHandle: true);
        byte[] word = new byte[5];
        Assert.Equal(5, RandomAccess.Read(received, word, 10));
        Assert.Equal("hello"u8.ToArray(), word);
        Assert.Equal(0, DescriptorPassing.Send(far.SafeHandle, "."u8, []));
        Assert.Equal(0, DescriptorPassing.Receive(near.SafeHandle, bytes, out count, numbers, out descriptors));
        Assert.Equal((1, 0), (count, descriptors));
    }

    [Fact]
    public void The_end_of_a_socket_is_zero_bytes_and_sending_there_an_error()
    {
        Assert.Equal(0, DescriptorPassing.CreatePair(out Socket? one, out Socket? other));
        using Socket near = one!;
        other!.Dispose();
        Span<byte> bytes = stackalloc byte[8];

        Assert.Equal(0, DescriptorPassing.Receive(near.SafeHandle, bytes, out int count, new int[4], out _));
        Assert.Equal(0, count);
        Assert.Equal(Errno.EPIPE, DescriptorPassing.Send(near.SafeHandle, "x"u8, []));
    }
}
