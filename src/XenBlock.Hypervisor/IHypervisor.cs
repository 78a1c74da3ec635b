using XenBlock.Protocol;

namespace XenBlock.Hypervisor;

/// <summary>
/// What a domain can ask of its machine: the contract that the embedded machine and real Xen both keep, and that the
/// conformance suite describes. Disposing leaves the machine: channels close, grants end, mappings go.
/// </summary>
public interface IHypervisor : IAsyncDisposable
{
    /// <summary>The domain that we are.</summary>
    DomainId DomainId { get; }

    /// <summary>The machine in a few words, as "embedded machine, real mmap".</summary>
    string Description { get; }

    /// <summary>Our own grant table.</summary>
    IGrantTable Grants { get; }

    /// <summary>Access to what others granted.</summary>
    IGrantMapper Mapper { get; }

    /// <summary>Our event channels.</summary>
    IEventChannels EventChannels { get; }

    /// <summary>XenStore.</summary>
    IXenStore Store { get; }

    /// <summary>Time on this machine.</summary>
    TimeProvider Time { get; }
}
