namespace XenBlock.Cli.Check;

/// <summary>What a run of <c>xenblk check</c> found, for scripts and for docs/conformance.</summary>
/// <param name="Schema">Names this document.</param>
/// <param name="ToolVersion">Version of xenblk.</param>
/// <param name="Machine">The machine, in its own words.</param>
/// <param name="Kernel">The operating system that the check ran on.</param>
/// <param name="Hypervisor">Xen's version; null where there is none.</param>
/// <param name="Reports">One for each end that was checked.</param>
internal sealed record CheckDocument(
    string Schema,
    string ToolVersion,
    string Machine,
    string Kernel,
    string? Hypervisor,
    IReadOnlyList<EndReport> Reports)
{
    /// <summary>The schema's name and version.</summary>
    public const string SchemaName = "xenblk.check/1";
}
