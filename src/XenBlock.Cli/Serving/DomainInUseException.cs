using XenBlock.Hypervisor;

namespace XenBlock.Cli.Serving;

/// <summary>The domain that we want to be is another process already.</summary>
internal sealed class DomainInUseException(string message) : XenBlockException(XenBlockErrorKind.InUse, message);
