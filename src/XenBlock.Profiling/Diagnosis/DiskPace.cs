namespace XenBlock.Profiling;

/// <summary>How fast a disk is: as it was measured, or as a model expects it.</summary>
/// <param name="RequestsPerSecond">Requests on the ring that end in a second.</param>
/// <param name="MegabytesPerSecond">Their data, MB = 10^6 bytes.</param>
/// <param name="MeanMicroseconds">From submitting a request to knowing of its end, on average.</param>
public sealed record DiskPace(double RequestsPerSecond, double MegabytesPerSecond, double MeanMicroseconds);
