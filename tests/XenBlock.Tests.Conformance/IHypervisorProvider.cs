using XenBlock.Hypervisor;

namespace XenBlock.Tests.Conformance;

/// <summary>A machine under test: two of its domains. The suite knows nothing else about it.</summary>
public interface IHypervisorProvider : IAsyncDisposable
{
    /// <summary>The domain that offers memory.</summary>
    IHypervisor Granter { get; }

    /// <summary>The domain that uses it.</summary>
    IHypervisor Mapper { get; }

    /// <summary>A third domain, which nobody grants anything to.</summary>
    IHypervisor Stranger { get; }

    /// <summary>False where every mapping takes a call of its own to end, as in gntdev.</summary>
    bool UnmapsInOneCall => true;

    /// <summary>False where a send is counted though nobody is at the other end: only the hypervisor knows.</summary>
    bool KnowsDroppedSends => true;

    /// <summary>Starts the machine.</summary>
    /// <param name="limits">How small its tables are to be.</param>
    /// <returns>False if the machine cannot be made so small: the test is skipped, with a word.</returns>
    Task<bool> StartAsync(Limits limits);
}
