using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace XenBlock.Native;

/// <summary>
/// libc's calls on address space, under their C names. Constants are those of x86_64 and arm64, which agree.
/// </summary>
internal static partial class LibcMemory
{
    internal const int PROT_NONE = 0;
    internal const int PROT_READ = 1;
    internal const int PROT_WRITE = 2;
    internal const int MAP_SHARED = 0x01;
    internal const int MAP_PRIVATE = 0x02;
    internal const int MAP_FIXED = 0x10;
    internal const int MAP_ANONYMOUS = 0x20;
    internal const int MAP_NORESERVE = 0x4000;
    internal const int MAP_POPULATE = 0x8000;

    /// <summary>MADV_POPULATE_WRITE, since Linux 5.14 (asm-generic/mman-common.h).</summary>
    internal const int MADV_POPULATE_WRITE = 23;

    /// <summary>MFD_CLOEXEC (linux/memfd.h).</summary>
    internal const uint MFD_CLOEXEC = 1;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int memfd_create(string name, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint mmap(
        nint address, nuint length, int protection, int flags, SafeFileHandle fd, long offset);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    internal static partial nint mmap_anonymous(
        nint address, nuint length, int protection, int flags, int fd, long offset);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int munmap(nint address, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int madvise(nint address, nuint length, int advice);
}
