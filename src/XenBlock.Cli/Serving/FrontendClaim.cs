using XenBlock.Cli.CommandLine;
using XenBlock.Protocol;

namespace XenBlock.Cli.Serving;

/// <summary>
/// Makes sure that a disk of our domain is nobody else's. On an embedded machine the domain itself is claimed by who
/// joins; on Xen the kernel and every process are the same domain, and two drivers of one disk would destroy it.
/// </summary>
internal sealed class FrontendClaim : IDisposable
{
    private readonly DiskLock? _lock;

    private FrontendClaim(DiskLock? held) => _lock = held;

    /// <summary>Claims a disk until disposed.</summary>
    /// <param name="machine">The machine that we are on.</param>
    /// <param name="vdev">The disk.</param>
    /// <exception cref="UsageException">The name makes no sense.</exception>
    /// <exception cref="DomainInUseException">The kernel, or another process, has the disk.</exception>
    public static FrontendClaim Take(HostedMachine machine, string vdev)
    {
        if (!VbdName.TryParse(vdev, out VbdNumber number, out string? problem))
            throw new UsageException(Failure.Sentence(problem));
        if (!machine.IsXen)
            return new FrontendClaim(null);
        if (Directory.Exists($"/sys/bus/xen/drivers/vbd/vbd-{number.Value}"))
        {
            throw new DomainInUseException(
                $"{VbdName.Format(number)} belongs to the kernel's blkfront; let it go first, if nothing is mounted: "
                    + $"echo vbd-{number.Value} > /sys/bus/xen/drivers/vbd/unbind");
        }

        return new FrontendClaim(DiskLock.TryUse(number) ?? throw new DomainInUseException(
            $"{VbdName.Format(number)} is in use by another process of this domain; wait for it."));
    }

    /// <inheritdoc/>
    public void Dispose() => _lock?.Dispose();
}
