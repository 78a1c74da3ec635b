namespace XenBlock.Cli.Copy;

/// <summary>Where a disk is copied from.</summary>
internal interface ICopySource : IDisposable
{
    /// <summary>Bytes in all, or null where only the end tells.</summary>
    long? LengthBytes { get; }

    /// <summary>Reads the next bytes: as many as fit, unless it is the end.</summary>
    /// <param name="memory">Where to.</param>
    /// <param name="isZero">True if it is known that all of them are zero.</param>
    /// <returns>How many; 0 at the end; <see cref="NotYet"/> if they have not come within a moment.</returns>
    int Read(Span<byte> memory, out bool isZero);

    /// <summary>Nothing has come yet, and the disk should be looked after meanwhile.</summary>
    const int NotYet = -1;
}
