namespace XenBlock.Protocol;

/// <summary>
/// Where one end of a device is in its life (<c>enum xenbus_state</c>, xen/include/public/io/xenbus.h).
/// </summary>
public enum XenbusState
{
    /// <summary>No state, or one that cannot be read: the peer's directory is gone.</summary>
    Unknown = 0,

    /// <summary>Made by the toolstack; nothing published yet.</summary>
    Initialising = 1,

    /// <summary>The backend has published its features and waits for the frontend.</summary>
    InitWait = 2,

    /// <summary>The frontend has published its ring and event channel.</summary>
    Initialised = 3,

    /// <summary>Requests may flow.</summary>
    Connected = 4,

    /// <summary>This end wants to stop.</summary>
    Closing = 5,

    /// <summary>This end has let go of everything.</summary>
    Closed = 6,

    /// <summary>Pause for a change of configuration; not used by block devices.</summary>
    Reconfiguring = 7,

    /// <summary>The change is done; not used by block devices.</summary>
    Reconfigured = 8,
}
