namespace XenBlock.Profiling;

/// <summary>What every measurement of a disk carries, at either end.</summary>
public static class MeterAttributes
{
    /// <summary>The number of the domain that has the disk.</summary>
    public const string Domain = "xenblk.domain";

    /// <summary>Which disk it is there, as "xvda".</summary>
    public const string Disk = "xenblk.disk";
}
