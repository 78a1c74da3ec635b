namespace XenBlock.Hypervisor;

/// <summary>What a mapper has done: hypercalls, and the pages in them.</summary>
/// <param name="MapCalls">Map hypercalls.</param>
/// <param name="PagesMapped">Pages they mapped.</param>
/// <param name="UnmapCalls">Unmap hypercalls.</param>
/// <param name="PagesUnmapped">Pages they unmapped.</param>
/// <param name="CopyCalls">Copy hypercalls.</param>
/// <param name="SegmentsCopied">Elements they copied.</param>
public readonly record struct GrantMapperStatistics(
    long MapCalls, long PagesMapped, long UnmapCalls, long PagesUnmapped, long CopyCalls, long SegmentsCopied);
