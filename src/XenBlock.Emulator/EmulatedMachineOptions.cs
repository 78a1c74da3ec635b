namespace XenBlock.Emulator;

/// <summary>The size and the ways of an embedded machine. The limits are Xen's own defaults.</summary>
public sealed record EmulatedMachineOptions
{
    /// <summary>How its domains map granted pages, unless they say otherwise.</summary>
    public GrantMappingMode Mapping { get; init; } = GrantMappingMode.Mmap;

    /// <summary>
    /// True if addresses of unmapped pages are used again as late as possible, so that a late access faults instead of
    /// reaching another request's page.
    /// </summary>
    public bool Fence { get; init; }

    /// <summary>Domains at a time, 2 to 250.</summary>
    public int DomainsMax { get; init; } = 64;

    /// <summary>
    /// References of a domain's grant table, 16 to 65,536; 8 are reserved. Xen: <c>gnttab_max_frames</c> 64, of 512.
    /// </summary>
    public int GrantEntriesMax { get; init; } = 32_768;

    /// <summary>
    /// Pages that a domain can have mapped at once, 8 to 262,144. Xen: <c>max_maptrack_frames</c> 1024, of 256.
    /// </summary>
    public int MaptrackEntriesMax { get; init; } = 262_144;

    /// <summary>
    /// Event channels of a domain, 2 to 4,096; port 0 is never used. Xen: 4,096 with the 2-level ABI.
    /// </summary>
    public int EventChannelsMax { get; init; } = 4_096;

    /// <summary>
    /// True to keep the memory and the grants of a process's domain that ended without leaving, until its number is
    /// taken again: what it had granted can be mapped still, as after xl's <c>on_crash="preserve"</c>.
    /// </summary>
    public bool PreservesCrashed { get; init; }

    /// <summary>Time on this machine.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
