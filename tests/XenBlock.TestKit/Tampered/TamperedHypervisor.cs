using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.TestKit.Tampered;

/// <summary>A machine of which a test has exchanged parts: to watch, or to plant a fault that must be found.</summary>
/// <param name="inner">The machine.</param>
public sealed class TamperedHypervisor(IHypervisor inner) : IHypervisor
{
    private readonly IGrantMapper? _mapper;

    public DomainId DomainId => inner.DomainId;

    public string Description => inner.Description;

    public IGrantTable Grants => inner.Grants;

    /// <summary>The mapper to use instead; null for the machine's own.</summary>
    public IGrantMapper Mapper
    {
        get => _mapper ?? inner.Mapper;
        init => _mapper = value;
    }

    /// <summary>What becomes of each channel that is made or bound.</summary>
    public Func<IEventChannel, IEventChannel> Channel { get; init; } = static channel => channel;

    public IEventChannels EventChannels => new Channels(inner.EventChannels, Channel);

    public IXenStore Store => inner.Store;

    public TimeProvider Time => inner.Time;

    /// <summary>The machine stays its owner's.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class Channels(IEventChannels inner, Func<IEventChannel, IEventChannel> change) : IEventChannels
    {
        public IEventChannel AllocateUnbound(DomainId remote) => change(inner.AllocateUnbound(remote));

        public IEventChannel BindInterdomain(DomainId remote, EventChannelPort remotePort) =>
            change(inner.BindInterdomain(remote, remotePort));
    }
}
