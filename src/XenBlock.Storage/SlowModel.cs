namespace XenBlock.Storage;

/// <summary>
/// A medium in four numbers: an operation takes an overhead of its own plus its length over the bandwidth. The
/// overhead passes while earlier transfers run; transfers go one after another.
/// </summary>
/// <param name="Name">What it is called on a command line.</param>
/// <param name="ReadOverheadMs">Milliseconds per read, whatever its length.</param>
/// <param name="ReadBytesPerSecond">Bandwidth of reading.</param>
/// <param name="WriteOverheadMs">Milliseconds per write, whatever its length.</param>
/// <param name="WriteBytesPerSecond">Bandwidth of writing.</param>
public sealed record SlowModel(
    string Name,
    double ReadOverheadMs,
    double ReadBytesPerSecond,
    double WriteOverheadMs,
    double WriteBytesPerSecond)
{
    /// <summary>
    /// The SD card of the 2014 thread about indirect descriptors in a unikernel, fitted to its four published figures:
    /// 18.27 and 21.32 MB/s reading, 7.07 and 9.17 MB/s writing, with 11 and 256 pages a request, one at a time.
    /// </summary>
    public static SlowModel Sd2014 { get; } = new("sd2014", 0.369, 21.48e6, 1.525, 9.29e6);

    /// <summary>Every model with a name.</summary>
    public static IReadOnlyList<SlowModel> All { get; } = [Sd2014];

    /// <summary>Bytes per second of one read or write after another, each of <paramref name="lengthBytes"/>.</summary>
    public double PredictBytesPerSecond(bool isWrite, long lengthBytes) => lengthBytes / (isWrite
        ? (WriteOverheadMs / 1000) + (lengthBytes / WriteBytesPerSecond)
        : (ReadOverheadMs / 1000) + (lengthBytes / ReadBytesPerSecond));
}
