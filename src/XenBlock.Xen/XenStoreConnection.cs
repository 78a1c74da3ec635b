using System.Globalization;
using Microsoft.Win32.SafeHandles;
using XenBlock.Hypervisor;
using XenBlock.Native;
using XenBlock.Protocol;
using XenBlock.XenStore;

namespace XenBlock.Xen;

/// <summary>
/// The way to XenStore: xenstored's own socket where it runs in this domain, else the kernel's device.
/// </summary>
internal static class XenStoreConnection
{
    // The variable is the one that Xen's own tools read.
    private const string SocketVariable = "XENSTORED_PATH";
    private static readonly string[] s_sockets = ["/run/xenstored/socket", "/var/run/xenstored/socket"];
    private static readonly string[] s_devices = ["/dev/xen/xenbus", "/proc/xen/xenbus"];

    /// <summary>Connects.</summary>
    /// <exception cref="XenBlockException">There is no way, or it is not for us.</exception>
    internal static async Task<XenStoreClient> OpenAsync(CancellationToken cancellationToken)
    {
        string? named = Environment.GetEnvironmentVariable(SocketVariable);
        if (!string.IsNullOrEmpty(named))
            return await XenStoreClient.ConnectAsync(named, cancellationToken);
        foreach (string socket in s_sockets.Where(File.Exists))
        {
            try
            {
                return await XenStoreClient.ConnectAsync(socket, cancellationToken);
            }
            catch (XenBlockException)
            {
                // Left behind by a xenstored that is gone, or not for us: the device is the other way.
            }
        }

        int errno = Errno.ENOENT;
        foreach (string path in s_devices)
        {
            int result = DeviceFile.Open(path, out SafeFileHandle? device);
            // The driver hands the message in its own buffer to a thread of the kernel, without a copy, and takes the
            // next one into the same buffer (xenbus_dev_request_and_reply in drivers/xen/xenbus/xenbus_xs.c): two under
            // way, and the first may be sent with the text of the second.
            if (result == 0)
                return new XenStoreClient(new XenbusStream(device!), isOneAtATime: true);
            errno = result == Errno.ENOENT ? errno : result;
        }

        throw XenDevice.Failure(s_devices[0], "xenfs", errno);
    }

    /// <summary>Which domain we are: XenStore knows it by the connection.</summary>
    internal static async Task<DomainId> FindDomainAsync(IXenStore store, CancellationToken cancellationToken)
    {
        // A path without a leading slash is one of our own directory.
        string? text = await store.ReadAsync("domid", cancellationToken);
        return ushort.TryParse(text?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out ushort number)
            && number < DomainId.FirstReserved
            ? new DomainId(number)
            : throw new XenBlockException(
                XenBlockErrorKind.Store,
                $"XenStore does not say which domain this is (domid is '{text}'); in dom0, run xen-init-dom0 first.");
    }
}
