namespace XenBlock.Conformance;

/// <summary>What became of the traffic that a frontend's user made.</summary>
/// <param name="IsOkay">Whether it met no error, and read what it had written.</param>
/// <param name="Words">What it said of it.</param>
public sealed record TrafficOutcome(bool IsOkay, string Words);
