using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Serving;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Cli.Check;

/// <summary>Who the peer is, as far as anybody knows.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its version, or null.</param>
internal sealed record PeerName(string Name, string? Version)
{
    /// <summary>Our own end, as we built it.</summary>
    public static PeerName Own { get; } = new("xenblk", OwnProgram.Version);

    /// <summary>
    /// A backend, by its nodes: their maker and their kind. A kernel's version is known only of the domain that we are.
    /// </summary>
    /// <exception cref="UsageException">There is no such disk.</exception>
    public static async Task<PeerName> OfBackendAsync(IHypervisor hypervisor, VbdNumber vbd, CancellationToken token)
    {
        IXenStore store = hypervisor.Store;
        string front = VbdPaths.Frontend(hypervisor.DomainId, vbd);
        string? path = await store.ReadAsync($"{front}/{VbdKeys.Backend}", token);
        if (string.IsNullOrEmpty(path)) throw await VbdAddress.NoDiskAsync(store, hypervisor.DomainId, vbd, token);
        string? maker = await store.ReadAsync($"{path}/{VbdKeys.MadeBy}", token);
        if (maker is not null) return new PeerName(maker, null);
        if (path.Contains("/qdisk/", StringComparison.Ordinal)) return new PeerName("QEMU", null);
        bool isOwnKernel = Directory.Exists("/sys/module/xen_blkback")
            && path.StartsWith($"{VbdPaths.Domain(hypervisor.DomainId)}/", StringComparison.Ordinal);
        return isOwnKernel
            ? new PeerName("Linux xen-blkback", HostKernel.Release)
            : new PeerName("an unknown peer", null);
    }
}
