using Microsoft.Win32.SafeHandles;

namespace XenBlock.Native;

/// <summary>
/// Character devices that are spoken to by ioctl, read and write, as those under /dev/xen. Every call returns 0 or an
/// errno and allocates nothing; interrupted calls are made again.
/// </summary>
public static unsafe class DeviceFile
{
    /// <summary>Opens a device to read and write; its reads and writes never block (O_NONBLOCK).</summary>
    /// <param name="path">Its path.</param>
    /// <param name="device">The device, if the result is 0.</param>
    /// <returns>0 or an errno: ENOENT without the driver, EACCES or EPERM without the right.</returns>
    public static int Open(string path, out SafeFileHandle? device)
    {
        const int Flags = LibcFiles.O_RDWR | LibcFiles.O_CLOEXEC | LibcFiles.O_NONBLOCK;
        int errno = LibcFiles.Open(path, Flags, out SafeFileHandle file);
        device = errno == 0 ? file : null;
        return errno;
    }

    /// <summary>An ioctl with one block of bytes, in and out.</summary>
    /// <param name="device">The device.</param>
    /// <param name="request">The ioctl's number.</param>
    /// <param name="argument">What it reads and fills in; empty where it has none.</param>
    /// <param name="result">What the call returned, where that is a number.</param>
    /// <returns>0 or an errno.</returns>
    public static int Control(SafeFileHandle device, uint request, Span<byte> argument, out int result)
    {
        fixed (byte* start = argument)
        {
            int errno;
            do
            {
                result = LibcFiles.ioctl(device, request, start);
                errno = Errno.Of(result);
            }
            while (errno == Errno.EINTR);
            return errno;
        }
    }

    /// <summary>An ioctl whose argument holds the address of a list.</summary>
    /// <param name="device">The device.</param>
    /// <param name="request">The ioctl's number.</param>
    /// <param name="argument">The argument; the list's address is written into it.</param>
    /// <param name="addressOffset">Where in the argument, in bytes; 8 bytes long.</param>
    /// <param name="list">The list, in and out.</param>
    /// <returns>0 or an errno.</returns>
    public static int ControlList(
        SafeFileHandle device, uint request, Span<byte> argument, int addressOffset, Span<byte> list)
    {
        fixed (byte* start = list)
        {
            if (!BitConverter.TryWriteBytes(argument[addressOffset..], (ulong)start))
                throw new ArgumentOutOfRangeException(nameof(addressOffset));
            return Control(device, request, argument, out _);
        }
    }

    /// <summary>Reads what is there.</summary>
    /// <param name="device">The device.</param>
    /// <param name="bytes">Filled from the start.</param>
    /// <param name="count">How many bytes; 0 at the end.</param>
    /// <returns>0 or an errno; EAGAIN if nothing is there now.</returns>
    public static int Read(SafeFileHandle device, Span<byte> bytes, out int count)
    {
        fixed (byte* start = bytes)
        {
            nint result;
            int errno;
            do
            {
                result = LibcFiles.read(device, start, (nuint)bytes.Length);
                errno = Errno.Of(result);
            }
            while (errno == Errno.EINTR);
            count = errno == 0 ? (int)result : 0;
            return errno;
        }
    }

    /// <summary>Writes bytes, or as many as the device takes now.</summary>
    /// <param name="device">The device.</param>
    /// <param name="bytes">What to write.</param>
    /// <param name="count">How many it took.</param>
    /// <returns>0 or an errno; EAGAIN if it takes nothing now.</returns>
    public static int Write(SafeFileHandle device, ReadOnlySpan<byte> bytes, out int count)
    {
        fixed (byte* start = bytes)
        {
            nint result;
            int errno;
            do
            {
                result = LibcFiles.write(device, start, (nuint)bytes.Length);
                errno = Errno.Of(result);
            }
            while (errno == Errno.EINTR);
            count = errno == 0 ? (int)result : 0;
            return errno;
        }
    }

    /// <summary>
    /// Maps a part of a device, shared, at an address of the kernel's choice. The mapping is nobody's object, since
    /// this happens for every request: whoever asked for it ends it with <see cref="Unmap"/>.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <param name="offset">Where in the device, in bytes; page-aligned.</param>
    /// <param name="lengthBytes">How much; page-aligned.</param>
    /// <param name="protection">What we will do with it.</param>
    /// <param name="address">The address, if the result is 0.</param>
    /// <returns>0 or an errno.</returns>
    public static int Map(
        SafeFileHandle device, long offset, long lengthBytes, MemoryProtection protection, out nint address)
    {
        int bits = protection == MemoryProtection.ReadWrite
            ? LibcMemory.PROT_READ | LibcMemory.PROT_WRITE
            : LibcMemory.PROT_READ;
        address = LibcMemory.mmap(0, checked((nuint)lengthBytes), bits, LibcMemory.MAP_SHARED, device, offset);

        // mmap says -1 (MAP_FAILED); high addresses are not negative in user space.
        return address == -1 ? Errno.Of(address) : 0;
    }

    /// <summary>Ends a mapping.</summary>
    /// <returns>0 or an errno.</returns>
    public static int Unmap(nint address, long lengthBytes) =>
        Errno.Of(LibcMemory.munmap(address, checked((nuint)lengthBytes)));
}
