using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.XenStore;

namespace XenBlock.Xen;

/// <summary>
/// The domain that this process runs in, on the real hypervisor: dom0, a driver domain or a guest. Grants by
/// /dev/xen/gntdev and /dev/xen/gntalloc, event channels by /dev/xen/evtchn, XenStore by xenstored's socket or
/// /dev/xen/xenbus (Linux drivers/xen).
/// </summary>
public sealed class XenDomain : IHypervisor
{
    private readonly XenStoreClient _store;
    private readonly XenGrantTable _grants = new();
    private readonly XenGrantMapper _mapper = new();
    private readonly XenEventChannels _eventChannels = new();
    private int _left;

    private XenDomain(XenStoreClient store, DomainId domain)
    {
        _store = store;
        DomainId = domain;
        string peers = _eventChannels.KnowsPeers
            ? string.Empty
            : ", which may not be asked who is at the other end of a channel";
        Description = $"Xen {Version()}{peers}";
    }

    /// <summary>True on a Linux kernel that runs under Xen: /sys/hypervisor/type says "xen".</summary>
    public static bool RunsOnXen => Fact("type") is "xen";

    /// <inheritdoc/>
    public DomainId DomainId { get; }

    /// <inheritdoc/>
    public string Description { get; }

    /// <inheritdoc/>
    public IGrantTable Grants => _grants;

    /// <inheritdoc/>
    public IGrantMapper Mapper => _mapper;

    /// <inheritdoc/>
    public IEventChannels EventChannels => _eventChannels;

    /// <inheritdoc/>
    public IXenStore Store => _store;

    /// <inheritdoc/>
    public TimeProvider Time => TimeProvider.System;

    /// <summary>
    /// Opens the devices and connects to XenStore. Needs root, or the rights to /dev/xen; a device that a backend or a
    /// frontend alone needs is opened when it is first used.
    /// </summary>
    /// <exception cref="XenBlockException">
    /// There is no Xen here, a kernel module is missing, or we may not: the sentence says which and what to do.
    /// </exception>
    public static async Task<XenDomain> OpenAsync(CancellationToken cancellationToken = default)
    {
        XenStoreClient store = await XenStoreConnection.OpenAsync(cancellationToken);
        try
        {
            DomainId domain = await XenStoreConnection.FindDomainAsync(store, cancellationToken);

            // Both ends need it, and nobody gets far without: better said now.
            XenDevice.Open("/dev/xen/evtchn", "xen-evtchn").Dispose();
            return new XenDomain(store, domain);
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Leaves: channels close, mappings and grants end. Whoever still runs on our rings or buffers must have stopped
    /// before.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _left, 1) != 0)
            return;
        _eventChannels.Dispose();
        _mapper.Dispose();
        _grants.Dispose();
        await _store.DisposeAsync();
    }

    private static string Version() => $"{Fact("version/major")}.{Fact("version/minor")}{Fact("version/extra")}";

    private static string Fact(string name)
    {
        try
        {
            return File.ReadAllText($"/sys/hypervisor/{name}").Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return string.Empty;
        }
    }
}
