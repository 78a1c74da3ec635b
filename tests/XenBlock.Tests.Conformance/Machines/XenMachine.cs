using XenBlock.Hypervisor;
using XenBlock.Xen;
using Xunit;

namespace XenBlock.Tests.Conformance.Machines;

/// <summary>
/// The real hypervisor, from one process in its domain: it grants to itself, which Xen allows and checks as any other
/// grant. A process is one domain, so that there is no stranger. In the test bed these tests run in dom0.
/// </summary>
public sealed class XenMachine : IHypervisorProvider
{
    private XenDomain? _domain;

    public IHypervisor Granter => _domain!;

    public IHypervisor Mapper => _domain!;

    public IHypervisor Stranger
    {
        get
        {
            Assert.Skip("A process is in one domain of a real machine, and that is the granter.");
            return _domain!;
        }
    }

    public bool UnmapsInOneCall => false;

    public bool KnowsDroppedSends => false;

    public async Task<bool> StartAsync(Limits limits)
    {
        Assert.SkipUnless(XenDomain.RunsOnXen, "This computer does not run under Xen: ./x testbed runs this there.");

        // The limits of a real machine are what they are.
        if (limits.MaptrackEntriesMax < new Limits().MaptrackEntriesMax) return false;
        _domain = await XenDomain.OpenAsync(TestContext.Current.CancellationToken);
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        if (_domain is not null) await _domain.DisposeAsync();
    }
}
