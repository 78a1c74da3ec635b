namespace XenBlock.Cli.Report;

/// <summary>The Xen machine of a run.</summary>
/// <param name="Description">In its own words.</param>
/// <param name="IsEmulated">True if no hypervisor was involved: no real page table of a guest changed.</param>
/// <param name="Processes">1, or 2 with the backend in its own.</param>
/// <param name="Grants">How granted pages are mapped.</param>
/// <param name="Access">How the backend reaches them.</param>
internal sealed record MachineFacts(string Description, bool IsEmulated, int Processes, string Grants, string Access);
