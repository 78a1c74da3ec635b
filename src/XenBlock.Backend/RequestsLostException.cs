using XenBlock.Hypervisor;

namespace XenBlock.Backend;

/// <summary>
/// A ring has requests under way, taken by a process that is gone, and nothing says which: the disk ends.
/// </summary>
internal sealed class RequestsLostException(string message) : XenBlockException(XenBlockErrorKind.NotFound, message);
