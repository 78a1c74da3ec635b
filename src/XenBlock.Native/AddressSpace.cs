using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace XenBlock.Native;

/// <summary>
/// A range of addresses that is ours: reserved and inaccessible at first, parts of which are mapped to files and
/// given back. Disposing unmaps all of it.
/// </summary>
public sealed class AddressSpace : SafeHandle
{
    private AddressSpace(nint address, long lengthBytes)
        : base(invalidHandleValue: -1, ownsHandle: true)
    {
        SetHandle(address);
        LengthBytes = lengthBytes;
    }

    /// <summary>Address of the first byte; page-aligned.</summary>
    public nint Address => handle;

    /// <summary>Length in bytes.</summary>
    public long LengthBytes { get; }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == -1;

    /// <summary>Reserves a range that faults on any access (PROT_NONE); it takes no memory.</summary>
    /// <param name="lengthBytes">Length in bytes, a multiple of the page size.</param>
    /// <param name="space">The range, if the result is 0.</param>
    /// <returns>0 or an errno.</returns>
    public static int Reserve(long lengthBytes, out AddressSpace? space)
    {
        nint address = LibcMemory.mmap_anonymous(
            0,
            checked((nuint)lengthBytes),
            LibcMemory.PROT_NONE,
            LibcMemory.MAP_PRIVATE | LibcMemory.MAP_ANONYMOUS | LibcMemory.MAP_NORESERVE,
            -1,
            0);
        int errno = ErrnoOf(address);
        space = errno == 0 ? new(address, lengthBytes) : null;
        return errno;
    }

    /// <summary>Maps a whole file, shared.</summary>
    /// <param name="file">The file.</param>
    /// <param name="lengthBytes">Its length in bytes.</param>
    /// <param name="protection">What we will do with it.</param>
    /// <param name="space">The mapping, if the result is 0.</param>
    /// <returns>0 or an errno.</returns>
    public static int MapFile(
        SafeFileHandle file, long lengthBytes, MemoryProtection protection, out AddressSpace? space)
    {
        nint address = LibcMemory.mmap(
            0, checked((nuint)lengthBytes), Bits(protection), LibcMemory.MAP_SHARED, file, 0);
        int errno = ErrnoOf(address);
        space = errno == 0 ? new(address, lengthBytes) : null;
        return errno;
    }

    /// <summary>
    /// Replaces a part of the range by a part of a file, shared, its page tables filled in (MAP_FIXED, MAP_POPULATE).
    /// </summary>
    /// <param name="offset">Where in the range, in bytes; page-aligned.</param>
    /// <param name="lengthBytes">How much; page-aligned.</param>
    /// <param name="file">The file.</param>
    /// <param name="fileOffset">Where in the file, in bytes; page-aligned.</param>
    /// <param name="protection">What we will do with it.</param>
    /// <returns>0 or an errno.</returns>
    public int MapPart(
        long offset, long lengthBytes, SafeFileHandle file, long fileOffset, MemoryProtection protection)
    {
        CheckPart(offset, lengthBytes);
        return ErrnoOf(LibcMemory.mmap(
            handle + (nint)offset,
            (nuint)lengthBytes,
            Bits(protection),
            LibcMemory.MAP_SHARED | LibcMemory.MAP_FIXED | LibcMemory.MAP_POPULATE,
            file,
            fileOffset));
    }

    /// <summary>Takes what is mapped in a part of the range away; the part faults after, and is still ours.</summary>
    /// <returns>0 or an errno.</returns>
    public int UnmapPart(long offset, long lengthBytes)
    {
        CheckPart(offset, lengthBytes);
        return ErrnoOf(LibcMemory.mmap_anonymous(
            handle + (nint)offset,
            (nuint)lengthBytes,
            LibcMemory.PROT_NONE,
            LibcMemory.MAP_PRIVATE | LibcMemory.MAP_ANONYMOUS | LibcMemory.MAP_NORESERVE | LibcMemory.MAP_FIXED,
            -1,
            0));
    }

    /// <summary>
    /// Makes the memory of a part be there, writable, so that no first touch is paid for later (MADV_POPULATE_WRITE).
    /// </summary>
    /// <returns>0 or an errno; EINVAL on a kernel older than 5.14, which does no harm.</returns>
    public int PopulatePart(long offset, long lengthBytes)
    {
        CheckPart(offset, lengthBytes);
        int errno;
        do
        {
            errno = Errno.Of(LibcMemory.madvise(
                handle + (nint)offset, (nuint)lengthBytes, LibcMemory.MADV_POPULATE_WRITE));
        }
        while (errno == Errno.EINTR);
        return errno;
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => LibcMemory.munmap(handle, (nuint)LengthBytes) == 0;

    private static int Bits(MemoryProtection protection) => protection == MemoryProtection.ReadWrite
        ? LibcMemory.PROT_READ | LibcMemory.PROT_WRITE
        : LibcMemory.PROT_READ;

    // mmap says -1 (MAP_FAILED); high addresses are not negative in user space.
    private static int ErrnoOf(nint address) => address == -1 ? Marshal.GetLastPInvokeError() : 0;

    private void CheckPart(long offset, long lengthBytes)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfLessThan(lengthBytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, LengthBytes - offset);
    }
}
