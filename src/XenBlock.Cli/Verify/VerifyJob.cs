using System.Diagnostics;
using System.Globalization;
using XenBlock.Cli.Bench;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Report;
using XenBlock.Frontend;
using XenBlock.Hypervisor;

namespace XenBlock.Cli.Verify;

/// <summary>
/// One of several that work on a disk at once, each on a part of its own, one operation after the other; so it knows at
/// any moment what every block of its part holds: the shadow of the disk.
/// </summary>
internal sealed class VerifyJob
{
    private const int BlocksMax = 256;
    private readonly BlockDevice _device;
    private readonly VerifyTally _tally;
    private readonly Random _random;
    private readonly int _blockBytes;
    private readonly long _firstBlock;
    private readonly ulong[] _shadow; // by block: the generation last written, 0 for not known
    private readonly byte[] _buffer;
    private readonly bool _discards;
    private readonly bool _flushes; // a disk without a cache need not know how
    private ulong _generation;

    /// <summary>A job that has not begun.</summary>
    /// <param name="device">The disk.</param>
    /// <param name="tally">Where it counts.</param>
    /// <param name="seed">What it does follows from this.</param>
    /// <param name="blockBytes">The smallest that it reads or writes: a multiple of the disk's sector.</param>
    /// <param name="firstBlock">Where its part begins.</param>
    /// <param name="blockCount">Length of its part.</param>
    public VerifyJob(
        BlockDevice device, VerifyTally tally, int seed, int blockBytes, long firstBlock, int blockCount)
    {
        _device = device;
        _tally = tally;
        _random = new Random(seed);
        _generation = (ulong)(uint)seed << 32; // no two jobs, and no two seeds, write the same
        _blockBytes = blockBytes;
        _firstBlock = firstBlock;
        _shadow = new ulong[blockCount];
        _buffer = GC.AllocateUninitializedArray<byte>(Math.Min(BlocksMax, blockCount) * blockBytes);
        _discards = device.Features.Discard;
        _flushes = device.Features.Flush || device.Features.Barrier;
    }

    /// <summary>Works until told to stop, and then reads everything once.</summary>
    /// <exception cref="WorkFailedException">The disk failed, or does not hold what was written.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            int length = Length();
            await DoAsync(Choose(), _random.Next(_shadow.Length - length + 1), length);
        }

        if (_flushes)
            await DoAsync(VerifyOperation.Flush, 0, 0);
        int step = _buffer.Length / _blockBytes;
        for (int block = 0; block < _shadow.Length; block += step)
            await DoAsync(VerifyOperation.Read, block, Math.Min(step, _shadow.Length - block));
    }

    // Small ones most often, as disks are used, and now and then the largest.
    private int Length()
    {
        int limit = Math.Min(1 << _random.Next(9), _buffer.Length / _blockBytes);
        return 1 + _random.Next(limit);
    }

    private VerifyOperation Choose() => _random.Next(100) switch
    {
        < 45 => VerifyOperation.Read,
        < 90 => VerifyOperation.Write,
        < 95 when _flushes => VerifyOperation.Flush,
        >= 95 when _discards => VerifyOperation.Discard,
        _ => _flushes ? VerifyOperation.Flush : VerifyOperation.Read,
    };

    private async Task DoAsync(VerifyOperation operation, int block, int length)
    {
        long offset = (_firstBlock + block) * _blockBytes;
        int bytes = length * _blockBytes;
        long start = Stopwatch.GetTimestamp();
        try
        {
            switch (operation)
            {
                case VerifyOperation.Read:
                    await _device.ReadAsync(offset, _buffer.AsMemory(0, bytes));
                    break;
                case VerifyOperation.Write:
                    Prepare(block, length);
                    await _device.WriteAsync(offset, _buffer.AsMemory(0, bytes));
                    break;
                case VerifyOperation.Flush:
                    await _device.FlushAsync();
                    break;
                default:
                    Array.Clear(_shadow, block, length);
                    await _device.DiscardAsync(offset, bytes);
                    break;
            }
        }
        catch (Exception exception) when (exception is XenBlockException or IOException)
        {
            throw new WorkFailedException(WordsOf(operation, bytes, offset, exception.Message));
        }

        _tally.Add(operation, bytes, Stopwatch.GetElapsedTime(start));
        if (operation == VerifyOperation.Read)
            Compare(block, length);
    }

    /// <summary>That an operation failed, in a sentence; what the disk says of it itself is not said twice.</summary>
    public static string WordsOf(VerifyOperation operation, int bytes, long offset, string message)
    {
        string word = operation.ToString().ToLowerInvariant();
        string place = operation == VerifyOperation.Flush
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $" of {bytes} bytes at {offset}");
        return message.Contains(word + place, StringComparison.Ordinal)
            ? Failure.Sentence(Findings.Capital(message))
            : Failure.Sentence($"A {word}{place} failed: {message}");
    }

    private void Prepare(int block, int length)
    {
        for (int i = 0; i < length; i++)
        {
            ulong generation = ++_generation;
            _shadow[block + i] = generation;
            DataPattern.Fill(
                _buffer.AsSpan(i * _blockBytes, _blockBytes), (_firstBlock + block + i) * _blockBytes, generation);
        }
    }

    private void Compare(int block, int length)
    {
        for (int i = 0; i < length; i++)
        {
            ulong generation = _shadow[block + i];
            if (generation == 0)
                continue;
            long offset = (_firstBlock + block + i) * _blockBytes;
            long wrong = DataPattern.FindMismatch(
                _buffer.AsSpan(i * _blockBytes, _blockBytes), offset, generation);
            if (wrong < 0)
                continue;
            throw new WorkFailedException($"{_device.Name} does not hold what was written to it: " + string.Create(
                CultureInfo.InvariantCulture,
                $"the block at {offset} is wrong from {wrong} on; its last write was {generation:x}."));
        }
    }
}
