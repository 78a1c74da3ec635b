namespace XenBlock.Cli.Output;

/// <summary>A disk in XenStore, for scripts.</summary>
/// <param name="Domain">The domain that uses it.</param>
/// <param name="DomainName">That domain's name; null if it has none.</param>
/// <param name="Vdev">Its name there.</param>
/// <param name="Mode">r or w; null if the backend does not say.</param>
/// <param name="Image">What the backend opens.</param>
/// <param name="BackendDomain">The domain that serves it.</param>
/// <param name="Backend">xenblk, kernel, qemu, other, nobody, or another kind of backend's word.</param>
/// <param name="FrontendState">Where the frontend is, as Connected.</param>
/// <param name="BackendState">Where the backend is.</param>
internal sealed record DiskDocument(
    int Domain,
    string? DomainName,
    string Vdev,
    string? Mode,
    string Image,
    int BackendDomain,
    string Backend,
    string FrontendState,
    string BackendState);
