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

    /// <summary>MFD_ALLOW_SEALING (linux/memfd.h).</summary>
    internal const uint MFD_ALLOW_SEALING = 2;

    /// <summary>F_ADD_SEALS (linux/fcntl.h).</summary>
    internal const int F_ADD_SEALS = 1033;

    /// <summary>F_SEAL_SEAL: nobody can add seals any more (linux/fcntl.h).</summary>
    internal const nint F_SEAL_SEAL = 1;

    /// <summary>F_SEAL_SHRINK: the file cannot get shorter; holes can still be punched (linux/fcntl.h).</summary>
    internal const nint F_SEAL_SHRINK = 2;

    /// <summary>F_SEAL_GROW: the file cannot get longer (linux/fcntl.h).</summary>
    internal const nint F_SEAL_GROW = 4;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int memfd_create(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    internal static partial int fcntl_seals(SafeFileHandle fd, int command, nint seals);

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
