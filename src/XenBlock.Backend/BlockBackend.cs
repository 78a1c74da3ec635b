using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Storage;

namespace XenBlock.Backend;

/// <summary>
/// Serves disks to frontends in other domains: a user-space blkback. Any number of disks and frontends.
/// </summary>
public sealed class BlockBackend : IAsyncDisposable
{
    private readonly IHypervisor _hypervisor;
    private readonly BlockBackendOptions _options;
    private readonly PersistentBudget _persistentBudget;
    private readonly Dictionary<(DomainId Frontend, VbdNumber Vbd), ServedDisk> _disks = [];
    private readonly Lock _lock = new();
    private bool _isDisposed;

    private BlockBackend(IHypervisor hypervisor, BlockBackendOptions options)
    {
        _hypervisor = hypervisor;
        _options = options;
        _persistentBudget = new PersistentBudget(options.PersistentPagesMax);
    }

    /// <summary>The disks served now.</summary>
    public IReadOnlyList<ServedDisk> Disks
    {
        get
        {
            lock (_lock) return [.. _disks.Values];
        }
    }

    /// <summary>
    /// Pages kept mapped now by all disks together, at most <see cref="BlockBackendOptions.PersistentPagesMax"/>.
    /// </summary>
    public int PersistentPages => _persistentBudget.Pages;

    /// <summary>A backend that serves no disk yet.</summary>
    /// <param name="hypervisor">The domain that we are; stays the caller's.</param>
    /// <param name="options">How to serve; null for the defaults.</param>
    public static BlockBackend Create(IHypervisor hypervisor, BlockBackendOptions? options = null) =>
        new(hypervisor, options ?? new BlockBackendOptions());

    /// <summary>
    /// Serves a store as a vbd, whose nodes the toolstack has made. Returns once the offer is published (InitWait); the
    /// frontend may come at any time, and come again.
    /// </summary>
    /// <param name="frontend">The domain to serve.</param>
    /// <param name="vdev">The vbd's number in that domain.</param>
    /// <param name="store">The disk; stays the caller's, and must outlive the serving.</param>
    /// <param name="options">How to serve; null for the backend's defaults.</param>
    /// <param name="cancellationToken">Gives up before the offer is published.</param>
    /// <exception cref="XenBlockException">
    /// There is no such vbd, or it is served already, or XenStore failed.
    /// </exception>
    public async Task<ServedDisk> ServeAsync(
        DomainId frontend,
        VbdNumber vdev,
        IBlockStore store,
        ServedDiskOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        var disk = new ServedDisk(_hypervisor, frontend, vdev, store, options ?? _options.Disk, _persistentBudget);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_disks.TryGetValue((frontend, vdev), out ServedDisk? other) && !other.Completion.IsCompleted)
            {
                throw new XenBlockException(
                    XenBlockErrorKind.InUse,
                    $"{vdev} of {frontend} is served already; choose another vdev, or stop that one");
            }

            _disks[(frontend, vdev)] = disk;
        }

        _ = ForgetWhenEndedAsync(disk);
        try
        {
            await disk.StartAsync(cancellationToken);
            return disk;
        }
        catch
        {
            await disk.StopAsync(orderly: false);
            throw;
        }
    }

    /// <summary>Stops serving every disk, in order.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock) _isDisposed = true;
        await Task.WhenAll(Disks.Select(disk => disk.StopAsync(orderly: true)));
    }

    private async Task ForgetWhenEndedAsync(ServedDisk disk)
    {
        await disk.Completion;
        (DomainId, VbdNumber) key = (disk.Frontend, disk.Vdev);
        lock (_lock)
        {
            // It may be served anew already.
            if (_disks.TryGetValue(key, out ServedDisk? now) && ReferenceEquals(now, disk)) _disks.Remove(key);
        }
    }
}
