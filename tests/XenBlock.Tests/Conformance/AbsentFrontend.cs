using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.XenStore;

namespace XenBlock.Tests.Conformance;

/// <summary>A disk that nobody uses.</summary>
internal sealed class AbsentFrontend(IHypervisor dom0, DomainId guest, VbdNumber vbd) : IFrontendUnderTest
{
    public Task MakeDiskAsync(CancellationToken cancellationToken) => VbdNodes.CreateAsync(
        dom0.Store, new VbdSpecification { Frontend = guest, Vbd = vbd }, cancellationToken);

    public Task ShowDiskAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<TrafficOutcome> RunTrafficAsync(FrontendStage stage, CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return new TrafficOutcome(true, "nothing");
    }

    public Task RemoveDiskAsync() => VbdNodes.RemoveAsync(dom0.Store, guest, vbd, force: true);
}
