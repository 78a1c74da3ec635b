namespace XenBlock.Hypervisor;

/// <summary>A connection to XenStore. Safe for concurrent calls.</summary>
public interface IXenStore : IXenStoreAccess, IAsyncDisposable
{
    /// <summary>
    /// Runs <paramref name="body"/> in a transaction and commits it; if somebody else changed what it touched (EAGAIN)
    /// it is run again, so it must have no other effects. An exception in it aborts.
    /// </summary>
    /// <exception cref="XenBlockException">It kept conflicting, or a quota is reached.</exception>
    Task TransactAsync(Func<IXenStoreAccess, Task> body, CancellationToken cancellationToken = default);

    /// <summary>Watches a path and all below it. The watch fires once when set, then on every change.</summary>
    /// <param name="path">A path, or @introduceDomain, or @releaseDomain.</param>
    /// <param name="cancellationToken">Gives up waiting for the watch to be set.</param>
    Task<IXenStoreWatch> WatchAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>The directory of a domain, as /local/domain/3.</summary>
    Task<string> GetDomainPathAsync(Protocol.DomainId domain, CancellationToken cancellationToken = default);

    /// <summary>Completes when the connection is lost, with the reason; never faults.</summary>
    Task<string> Disconnected { get; }
}
