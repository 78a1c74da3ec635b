using XenBlock.Backend;

namespace XenBlock.Cli.Serving;

/// <summary>How disks are served, whichever they are.</summary>
/// <param name="Access">How to reach pages; null for what a disk's nodes say, or else the usual.</param>
/// <param name="QueuesMax">The most queues to offer.</param>
/// <param name="IsReadOnly">True if disks of a toolstack may not be written whatever it says.</param>
/// <param name="Waits">True to wait for disks that the toolstack has not made yet.</param>
internal sealed record ServeSettings(PayloadAccess? Access, int QueuesMax, bool IsReadOnly, bool Waits);
