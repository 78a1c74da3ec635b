namespace XenBlock.Cli.Bench;

/// <summary>Where the next operation goes.</summary>
internal enum AccessPattern
{
    /// <summary>After the one before, and again from the start at the end: dd, hdparm.</summary>
    Sequential,

    /// <summary>Anywhere, on a multiple of its size: fio randread.</summary>
    Random,
}
