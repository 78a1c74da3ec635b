using XenBlock.Protocol;

namespace XenBlock.XenStore;

/// <summary>Who asks.</summary>
/// <param name="Domain">The domain at the other end of the connection.</param>
/// <param name="Target">The domain whose rights it has as well (SET_TARGET), if any.</param>
internal readonly record struct StoreCaller(DomainId Domain, DomainId? Target = null)
{
    /// <summary>dom0: no permission and no quota stops it.</summary>
    public bool IsPrivileged => Domain == DomainId.Zero;

    /// <summary>True if the caller is, or acts for, <paramref name="domain"/>.</summary>
    public bool Is(DomainId domain) => Domain == domain || Target == domain;
}
