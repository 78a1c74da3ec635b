namespace XenBlock.Soak;

/// <summary>What the jobs of one frontend have done.</summary>
internal sealed class SoakTally
{
    public long Reads;
    public long Writes;
    public long Flushes;
    public long Discards;
    public long Submitted;
    public long Completed;
}
