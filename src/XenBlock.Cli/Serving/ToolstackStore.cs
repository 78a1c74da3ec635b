using XenBlock.Hypervisor;
using XenBlock.Xen;
using XenBlock.XenStore;

namespace XenBlock.Cli.Serving;

/// <summary>XenStore with dom0's rights, for what a toolstack does: no disk is served or used.</summary>
internal sealed class ToolstackStore : IAsyncDisposable
{
    private readonly IAsyncDisposable _owner;

    private ToolstackStore(MachineChoice choice, IXenStore store, IAsyncDisposable owner, int domain)
    {
        Choice = choice;
        Store = store;
        _owner = owner;
        Domain = domain;
    }

    /// <summary>Which machine's.</summary>
    public MachineChoice Choice { get; }

    /// <summary>The store.</summary>
    public IXenStore Store { get; }

    /// <summary>The domain that we are there.</summary>
    public int Domain { get; }

    /// <summary>Connects.</summary>
    public static async Task<ToolstackStore> OpenAsync(MachineChoice choice, CancellationToken token)
    {
        if (choice.IsXen)
        {
            XenDomain domain = await XenDomain.OpenAsync(token);
            return new ToolstackStore(choice, domain.Store, domain, domain.DomainId.Value);
        }

        XenStoreClient store = await XenStoreClient.ConnectAsync(choice.StoreSocket, token);
        return new ToolstackStore(choice, store, store, domain: 0);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _owner.DisposeAsync();
}
