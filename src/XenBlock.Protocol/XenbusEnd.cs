namespace XenBlock.Protocol;

/// <summary>One of the two ends of a device.</summary>
public enum XenbusEnd
{
    /// <summary>The guest's driver.</summary>
    Frontend,

    /// <summary>The driver that serves it.</summary>
    Backend,
}
