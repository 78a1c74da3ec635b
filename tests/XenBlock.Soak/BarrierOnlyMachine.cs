using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Soak;

/// <summary>
/// A machine on which a backend offers no flush, so that the frontend flushes by write barriers, as with tapdisk: the
/// one key is written as "0".
/// </summary>
/// <param name="inner">The machine.</param>
internal sealed class BarrierOnlyMachine(IHypervisor inner) : IHypervisor
{
    public DomainId DomainId => inner.DomainId;

    public string Description => inner.Description;

    public IGrantTable Grants => inner.Grants;

    public IGrantMapper Mapper => inner.Mapper;

    public IEventChannels EventChannels => inner.EventChannels;

    public IXenStore Store { get; } = new BarrierOnlyStore(inner.Store);

    public TimeProvider Time => inner.Time;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private class Access(IXenStoreAccess inner) : IXenStoreAccess
    {
        public Task<string?> ReadAsync(string path, CancellationToken cancellationToken = default) =>
            inner.ReadAsync(path, cancellationToken);

        public Task<IReadOnlyList<string>?> ListAsync(string path, CancellationToken cancellationToken = default) =>
            inner.ListAsync(path, cancellationToken);

        public Task WriteAsync(string path, string value, CancellationToken cancellationToken = default)
        {
            bool isFlush = path.EndsWith($"/{VbdKeys.FeatureFlushCache}", StringComparison.Ordinal);
            return inner.WriteAsync(path, isFlush ? "0" : value, cancellationToken);
        }

        public Task MakeDirectoryAsync(string path, CancellationToken cancellationToken = default) =>
            inner.MakeDirectoryAsync(path, cancellationToken);

        public Task<bool> RemoveAsync(string path, CancellationToken cancellationToken = default) =>
            inner.RemoveAsync(path, cancellationToken);

        public Task<IReadOnlyList<string>?> GetPermissionsAsync(
            string path, CancellationToken cancellationToken = default) =>
            inner.GetPermissionsAsync(path, cancellationToken);

        public Task SetPermissionsAsync(
            string path, IReadOnlyList<string> permissions, CancellationToken cancellationToken = default) =>
            inner.SetPermissionsAsync(path, permissions, cancellationToken);
    }

    private sealed class BarrierOnlyStore(IXenStore inner) : Access(inner), IXenStore
    {
        private readonly IXenStore _inner = inner;

        public Task<string> Disconnected => _inner.Disconnected;

        public Task TransactAsync(
            Func<IXenStoreAccess, Task> body, CancellationToken cancellationToken = default) =>
            _inner.TransactAsync(access => body(new Access(access)), cancellationToken);

        public Task<IXenStoreWatch> WatchAsync(string path, CancellationToken cancellationToken = default) =>
            _inner.WatchAsync(path, cancellationToken);

        public Task<string> GetDomainPathAsync(DomainId domain, CancellationToken cancellationToken = default) =>
            _inner.GetDomainPathAsync(domain, cancellationToken);

        public ValueTask DisposeAsync() => _inner.DisposeAsync();
    }
}
