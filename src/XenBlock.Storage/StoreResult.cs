namespace XenBlock.Storage;

/// <summary>How a store's operation ended: well, or with the operating system's error number.</summary>
/// <param name="Errno">0 if it went well, else a Linux errno (28 is ENOSPC, 5 is EIO).</param>
public readonly record struct StoreResult(int Errno)
{
    /// <summary>It went well.</summary>
    public static StoreResult Okay => default;

    /// <summary>The store does not do this (EOPNOTSUPP).</summary>
    public static StoreResult NotSupported => new(95);

    /// <summary>True if it went well.</summary>
    public bool IsOkay => Errno == 0;
}
