namespace XenBlock.Hypervisor;

/// <summary>Which way a grant copy goes. One direction a batch, as gntdev wants it.</summary>
public enum GrantCopyDirection
{
    /// <summary>From the granted pages into our memory (a write request).</summary>
    FromGranted,

    /// <summary>From our memory into the granted pages (a read request).</summary>
    ToGranted,
}
