using Microsoft.Win32.SafeHandles;
using XenBlock.Hypervisor;
using XenBlock.Native;

namespace XenBlock.Appliance;

/// <summary>What an operating system's scripts do elsewhere: file systems, modules, power.</summary>
internal static class Guest
{
    private const string Modules = "/modules";

    // Pages that may be granted to a backend: 64 MiB. The driver's own limit is 1,024 pages, which is less than the
    // buffers of eight operations of 1 MiB.
    private const string GrantLimit = "limit=16384";

    /// <summary>Mounts what the kernel offers and loads its modules, in the order of their names.</summary>
    /// <exception cref="XenBlockException">The kernel refused.</exception>
    public static void Prepare()
    {
        Require(KernelControl.Mount("proc", "/proc"), "mount proc", "build the initramfs again: samples/appliance");
        Require(KernelControl.Mount("sysfs", "/sys"), "mount sysfs", "build the initramfs again: samples/appliance");
        Require(KernelControl.Mount("devtmpfs", "/dev"), "mount devtmpfs", "the kernel needs CONFIG_DEVTMPFS");
        if (!Directory.Exists(Modules))
            return;
        foreach (string path in Directory.GetFiles(Modules).Order(StringComparer.Ordinal))
        {
            string parameters = path.EndsWith("gntalloc.ko", StringComparison.Ordinal) ? GrantLimit : "";
            Require(
                KernelControl.LoadModule(path, parameters),
                $"load {path}",
                "build the initramfs again, with the modules of the very kernel that the guest boots");
        }
    }

    /// <summary>Switches the guest off, after the console has everything.</summary>
    public static void PowerOff()
    {
        using SafeFileHandle console = new(1, ownsHandle: false);
        _ = KernelControl.Drain(console);
        _ = KernelControl.PowerOff();
    }

    private static void Require(int errno, string what, string remedy)
    {
        if (errno is not (0 or Errno.EBUSY or Errno.EEXIST))
        {
            throw new XenBlockException(
                XenBlockErrorKind.InputOutput, $"cannot {what}: {Errno.Describe(errno)}; {remedy}", errno);
        }
    }
}
