using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Xen;

/// <summary>
/// The domain that this process runs in, on the real hypervisor: dom0, a driver domain or a guest. Grants by
/// /dev/xen/gntdev and /dev/xen/gntalloc, event channels by /dev/xen/evtchn, XenStore by xenstored's socket or
/// /dev/xen/xenbus (Linux drivers/xen).
/// </summary>
public sealed class XenDomain : IHypervisor
{
    private XenDomain() => throw new NotSupportedException("being built");

    /// <summary>True on a Linux kernel that runs under Xen: /sys/hypervisor/type says "xen".</summary>
    public static bool RunsOnXen => File.Exists("/sys/hypervisor/type")
        && File.ReadAllText("/sys/hypervisor/type").Trim() is "xen";

    /// <inheritdoc/>
    public DomainId DomainId => throw new NotSupportedException();

    /// <inheritdoc/>
    public string Description => throw new NotSupportedException();

    /// <inheritdoc/>
    public IGrantTable Grants => throw new NotSupportedException();

    /// <inheritdoc/>
    public IGrantMapper Mapper => throw new NotSupportedException();

    /// <inheritdoc/>
    public IEventChannels EventChannels => throw new NotSupportedException();

    /// <inheritdoc/>
    public IXenStore Store => throw new NotSupportedException();

    /// <inheritdoc/>
    public TimeProvider Time => throw new NotSupportedException();

    /// <summary>
    /// Opens the devices and connects to XenStore. Needs root, or the rights to /dev/xen; a device that a backend or a
    /// frontend alone needs is opened when it is first used.
    /// </summary>
    /// <exception cref="XenBlockException">
    /// There is no Xen here, a kernel module is missing, or we may not: the sentence says which and what to do.
    /// </exception>
    public static Task<XenDomain> OpenAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromException<XenDomain>(new NotSupportedException("being built"));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
