namespace XenBlock.Fuzz;

/// <summary>
/// A clock that is a nanosecond later at each look: what is chosen by what it says follows from the input alone, or
/// the fuzzer would take a mood of the computer for a path of its own.
/// </summary>
internal sealed class StepTime : TimeProvider
{
    private long _ns;

    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp() => ++_ns;
}
