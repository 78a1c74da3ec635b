using XenBlock.Frontend;

namespace XenBlock.Soak;

/// <summary>
/// One of many that work on the disk at once, each on blocks of its own, one operation after the other. What it does
/// follows from its seed; how far it gets before the next kill does not.
/// </summary>
/// <param name="device">The disk.</param>
/// <param name="shadow">What it must hold.</param>
/// <param name="tally">Where it counts.</param>
/// <param name="seed">What it does follows from this.</param>
/// <param name="firstMark">Its writes bear marks from here on; no other job of any life has one of them.</param>
/// <param name="firstBlock">Where its part begins.</param>
/// <param name="blockCount">Length of its part.</param>
internal sealed class SoakJob(
    BlockDevice device, Shadow shadow, SoakTally tally, int seed, ulong firstMark, int firstBlock, int blockCount)
{
    private const int BlocksMax = 128;

    /// <summary>Longer than the longest pause that the run makes: what takes longer is lost.</summary>
    private static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(60);

    private readonly Random _random = new(seed);
    private readonly byte[] _buffer = new byte[BlocksMax * Shadow.BlockBytes];
    private ulong _mark = firstMark;

    /// <summary>Works until told to stop, then flushes.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            int length = 1 + _random.Next(Math.Min(1 << _random.Next(8), Math.Min(BlocksMax, blockCount)));
            int block = firstBlock + _random.Next(blockCount - length + 1);
            switch (_random.Next(100))
            {
                case < 40:
                    await ReadAsync(block, length);
                    break;
                case < 85:
                    await WriteAsync(block, length);
                    break;
                case < 92:
                    await FlushAsync();
                    break;
                default:
                    await DiscardAsync(block, length);
                    break;
            }
        }

        await FlushAsync();
    }

    /// <summary>Reads the whole part and compares; what was under way when a frontend died is settled.</summary>
    public async Task CheckAllAsync()
    {
        for (int block = firstBlock; block < firstBlock + blockCount; block += BlocksMax)
            await ReadAsync(block, Math.Min(BlocksMax, firstBlock + blockCount - block));
    }

    private async Task ReadAsync(int block, int length)
    {
        Memory<byte> memory = _buffer.AsMemory(0, length * Shadow.BlockBytes);
        memory.Span.Fill(0xEE);
        await DoneAsync(device.ReadAsync(block * (long)Shadow.BlockBytes, memory), "read", block, length);
        Interlocked.Increment(ref tally.Reads);
        for (int i = 0; i < length; i++)
            Compare(block + i, memory.Span.Slice(i * Shadow.BlockBytes, Shadow.BlockBytes));
    }

    private async Task WriteAsync(int block, int length)
    {
        Memory<byte> memory = _buffer.AsMemory(0, length * Shadow.BlockBytes);
        ulong first = _mark + 1;
        for (int i = 0; i < length; i++)
        {
            _mark++;
            Shadow.Fill(memory.Span[(i * Shadow.BlockBytes)..], block + i, _mark);
            shadow.Begin(block + i, _mark);
        }

        await DoneAsync(device.WriteAsync(block * (long)Shadow.BlockBytes, memory), "write", block, length);
        for (int i = 0; i < length; i++) shadow.Settle(block + i, first + (ulong)i);
        Interlocked.Increment(ref tally.Writes);
    }

    private async Task FlushAsync()
    {
        await DoneAsync(device.FlushAsync(), "flush", 0, 0);
        Interlocked.Increment(ref tally.Flushes);
    }

    private async Task DiscardAsync(int block, int length)
    {
        for (int i = 0; i < length; i++) shadow.Begin(block + i, Shadow.Zeros);
        await DoneAsync(
            device.DiscardAsync(block * (long)Shadow.BlockBytes, length * (long)Shadow.BlockBytes),
            "discard",
            block,
            length);
        for (int i = 0; i < length; i++) shadow.Settle(block + i, Shadow.Zeros); // our files punch holes
        Interlocked.Increment(ref tally.Discards);
    }

    private async Task DoneAsync(ValueTask operation, string kind, int block, int length)
    {
        Interlocked.Increment(ref tally.Submitted);
        Task task = operation.AsTask();
        if (await Task.WhenAny(task, Task.Delay(LostAfter)) != task)
            throw new SoakException($"a {kind} of {length} blocks at {block} is lost: not done after {LostAfter}");
        await task;
        Interlocked.Increment(ref tally.Completed);
    }

    private void Compare(int block, ReadOnlySpan<byte> data)
    {
        ulong stable = shadow.Stable(block);
        ulong pending = shadow.Pending(block);
        int at = Shadow.Mismatch(data, block, stable);
        if (pending == 0 && at < 0) return;
        if (pending != 0)
        {
            // A frontend was killed with this write under way: it happened or it did not, and from now on that stands.
            if (at >= 0 && Shadow.Mismatch(data, block, pending) < 0) stable = pending;
            else if (at >= 0) throw Wrong(block, at, stable, pending);
            shadow.Settle(block, stable);
            return;
        }

        throw Wrong(block, at, stable, pending);
    }

    private static SoakException Wrong(int block, int at, ulong stable, ulong pending) => new(
        $"mismatch: block {block} differs at byte {at} from its last write {stable:x}"
        + (pending == 0 ? "" : $", and from {pending:x}, which was under way"));
}
