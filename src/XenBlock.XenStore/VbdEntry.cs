using XenBlock.Protocol;

namespace XenBlock.XenStore;

/// <summary>A virtual block device as the store has it.</summary>
/// <param name="Frontend">The domain that uses it.</param>
/// <param name="Backend">The domain that serves it.</param>
/// <param name="Vbd">Its number.</param>
/// <param name="FrontendState">Where the frontend is; unknown if its directory is gone.</param>
/// <param name="BackendState">Where the backend is.</param>
/// <param name="IsReadOnly">True if the frontend may not write.</param>
/// <param name="Params">What the backend should open.</param>
public sealed record VbdEntry(
    DomainId Frontend,
    DomainId Backend,
    VbdNumber Vbd,
    XenbusState FrontendState,
    XenbusState BackendState,
    bool IsReadOnly,
    string Params)
{
    /// <summary>Who made the nodes, if they say so; see <see cref="VbdKeys.MadeBy"/>.</summary>
    public string? MadeBy { get; init; }
}
