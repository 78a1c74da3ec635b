namespace XenBlock.Cli.Verify;

/// <summary>What the jobs of a verification have done; each adds to it with its own thread.</summary>
internal sealed class VerifyTally
{
    private long _reads;
    private long _writes;
    private long _flushes;
    private long _discards;
    private long _bytesRead;
    private long _bytesWritten;
    private long _longestTicks;

    /// <summary>Reads whose data was compared.</summary>
    public long Reads => Interlocked.Read(ref _reads);

    /// <summary>Writes.</summary>
    public long Writes => Interlocked.Read(ref _writes);

    /// <summary>Flushes.</summary>
    public long Flushes => Interlocked.Read(ref _flushes);

    /// <summary>Discards.</summary>
    public long Discards => Interlocked.Read(ref _discards);

    /// <summary>Bytes read.</summary>
    public long BytesRead => Interlocked.Read(ref _bytesRead);

    /// <summary>Bytes written.</summary>
    public long BytesWritten => Interlocked.Read(ref _bytesWritten);

    /// <summary>The longest that one operation took: the longest pause that a user of the disk saw.</summary>
    public TimeSpan Longest => TimeSpan.FromTicks(Interlocked.Read(ref _longestTicks));

    /// <summary>Counts an operation that has completed.</summary>
    public void Add(VerifyOperation operation, long lengthBytes, TimeSpan took)
    {
        switch (operation)
        {
            case VerifyOperation.Read:
                Interlocked.Increment(ref _reads);
                Interlocked.Add(ref _bytesRead, lengthBytes);
                break;
            case VerifyOperation.Write:
                Interlocked.Increment(ref _writes);
                Interlocked.Add(ref _bytesWritten, lengthBytes);
                break;
            case VerifyOperation.Flush:
                Interlocked.Increment(ref _flushes);
                break;
            default:
                Interlocked.Increment(ref _discards);
                break;
        }

        long longest;
        do
        {
            longest = Interlocked.Read(ref _longestTicks);
            if (took.Ticks <= longest)
                return;
        }
        while (Interlocked.CompareExchange(ref _longestTicks, took.Ticks, longest) != longest);
    }
}
