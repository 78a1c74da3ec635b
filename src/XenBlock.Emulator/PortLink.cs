using XenBlock.Protocol;

namespace XenBlock.Emulator;

/// <summary>What an event channel is connected to: one 64-bit word, so that it is read and changed whole.</summary>
internal readonly record struct PortLink(ulong Word)
{
    internal PortLink(PortState state, int remoteSlot, DomainId remote, EventChannelPort remotePort)
        : this((ulong)state | ((ulong)remoteSlot << 8) | ((ulong)remote.Value << 16) | ((ulong)remotePort.Value << 32))
    {
    }

    internal PortState State => (PortState)(Word & 0xFF);

    internal int RemoteSlot => (int)((Word >> 8) & 0xFF);

    internal DomainId Remote => new((ushort)((Word >> 16) & 0xFFFF));

    internal EventChannelPort RemotePort => new((uint)(Word >> 32));
}
