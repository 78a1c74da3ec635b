using XenBlock.Conformance;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.XenStore;

namespace XenBlock.Cli.Check;

/// <summary>Our own frontend in a domain of this process.</summary>
/// <param name="backend">The backend's domain, with dom0's rights.</param>
/// <param name="frontend">The frontend's domain.</param>
/// <param name="vbd">The disk.</param>
internal sealed class OwnFrontend(IHypervisor backend, IHypervisor frontend, VbdNumber vbd) : IFrontendUnderTest
{
    /// <inheritdoc/>
    public Task MakeDiskAsync(CancellationToken cancellationToken) => VbdNodes.CreateAsync(
        backend.Store, new VbdSpecification { Frontend = frontend.DomainId, Vbd = vbd }, cancellationToken);

    /// <inheritdoc/>
    public Task ShowDiskAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task<TrafficOutcome> RunTrafficAsync(FrontendStage stage, CancellationToken cancellationToken) => Task.Run(
        () => OwnTraffic.RunAsync(frontend, VbdName.Format(vbd), stage, cancellationToken), CancellationToken.None);

    /// <inheritdoc/>
    public Task RemoveDiskAsync() => VbdNodes.RemoveAsync(backend.Store, frontend.DomainId, vbd, force: true);
}
