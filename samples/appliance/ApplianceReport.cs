using XenBlock.Protocol;

namespace XenBlock.Appliance;

/// <summary>What the guest found out.</summary>
/// <param name="Schema">The name of this document's form.</param>
/// <param name="Kernel">The kernel, as uname says.</param>
/// <param name="Machine">The machine, in its own words.</param>
/// <param name="Domain">Our number.</param>
/// <param name="Milliseconds">When what happened, since the kernel began.</param>
/// <param name="Disk">The disk.</param>
/// <param name="BackendDomain">Who serves it.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="Features">What was offered, wished for and agreed.</param>
/// <param name="SecondsToReadAll">How long it took to read the whole disk once.</param>
/// <param name="Sha256">Its content's SHA-256; null if nobody asked.</param>
/// <param name="Points">What was measured.</param>
internal sealed record ApplianceReport(
    string Schema,
    string Kernel,
    string Machine,
    int Domain,
    Timeline Milliseconds,
    string Disk,
    int BackendDomain,
    long SizeBytes,
    IReadOnlyList<FeatureDecision> Features,
    double SecondsToReadAll,
    string? Sha256,
    IReadOnlyList<MeasuredPoint> Points)
{
    /// <summary>The form that this program writes.</summary>
    public const string SchemaName = "xenblk.appliance/1";
}
