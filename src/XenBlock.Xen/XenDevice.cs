using Microsoft.Win32.SafeHandles;
using XenBlock.Hypervisor;
using XenBlock.Native;

namespace XenBlock.Xen;

/// <summary>The devices under /dev/xen: opened, or the sentence that says what is missing.</summary>
internal static class XenDevice
{
    /// <summary>Where Linux says under which hypervisor it runs.</summary>
    internal const string HypervisorType = "/sys/hypervisor/type";

    /// <summary>Opens a device.</summary>
    /// <param name="path">Its path, as /dev/xen/gntdev.</param>
    /// <param name="module">The kernel module that brings it.</param>
    /// <exception cref="XenBlockException">It is not there, or not for us.</exception>
    internal static SafeFileHandle Open(string path, string module)
    {
        int errno = DeviceFile.Open(path, out SafeFileHandle? device);
        return errno == 0 ? device! : throw Failure(path, module, errno);
    }

    /// <summary>Why a device could not be opened, and what to do.</summary>
    internal static XenBlockException Failure(string path, string module, int errno) => errno switch
    {
        Errno.ENOENT or Errno.ENXIO or Errno.ENODEV when !XenDomain.RunsOnXen => new XenBlockException(
            XenBlockErrorKind.NotFound,
            $"There is no Xen under this Linux ({path} is not there, {HypervisorType} does not say xen); "
                + "use the embedded machine, or run this in a Xen domain.",
            errno),
        Errno.ENOENT or Errno.ENXIO or Errno.ENODEV => new XenBlockException(
            XenBlockErrorKind.NotFound,
            $"{path} is not there: its driver is not loaded; load it with: modprobe {module}",
            errno),
        Errno.EACCES or Errno.EPERM => new XenBlockException(
            XenBlockErrorKind.PermissionDenied,
            $"{path} may not be opened by this user; become root, or give the user the right to it.",
            errno),
        Errno.EMFILE => new XenBlockException(
            XenBlockErrorKind.NoSpace,
            $"{path} cannot be opened once more: this process has too many files open; raise the limit (ulimit -n).",
            errno),
        _ => new XenBlockException(
            XenBlockErrorKind.InputOutput,
            $"{path} cannot be opened: {Errno.Describe(errno)}; look at the kernel's messages (dmesg).",
            errno),
    };
}
