namespace XenBlock.Protocol;

/// <summary>
/// One end of an event channel (<c>evtchn_port_t</c>), meaningful in one domain only; 0 is never valid.
/// </summary>
/// <param name="Value">The port as it stands on the wire.</param>
public readonly record struct EventChannelPort(uint Value)
{
    /// <inheritdoc/>
    public override string ToString() => $"port {Value}";
}
