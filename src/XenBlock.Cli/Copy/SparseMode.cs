namespace XenBlock.Cli.Copy;

/// <summary>Which zeros are left out of a copy.</summary>
internal enum SparseMode
{
    /// <summary>Those that the destination has anyway: a new file is zero where nothing was written.</summary>
    Auto,

    /// <summary>All: the user knows that the destination is zero.</summary>
    Always,

    /// <summary>None.</summary>
    Never,
}
