using System.Diagnostics;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Frontend;
using XenBlock.Hypervisor;

namespace XenBlock.Cli.Copy;

/// <summary>
/// Copies a whole disk with many operations under way, on the calling thread, through granted memory: between the
/// disk's
/// pages and the file there is no copy of ours.
/// </summary>
internal sealed class DiskCopier : IDisposable
{
    /// <summary>Bytes of one operation: one indirect request of 256 pages.</summary>
    public const int ChunkBytes = 1 << 20;

    /// <summary>The most operations under way.</summary>
    public const int DepthMax = 16;

    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly BlockDevice _device;
    private readonly BlockQueue _queue;
    private readonly GrantedBuffer _buffer;
    private readonly int _depth;
    private readonly ProgressDisplay _progress;
    private readonly CancellationToken _token;
    private readonly BlockCompletion[] _completions = new BlockCompletion[DepthMax];
    private readonly (long Offset, int Length, bool IsDone)[] _slots = new (long, int, bool)[DepthMax];
    private long _heardAt = Stopwatch.GetTimestamp();

    /// <summary>Takes the queue of a device that was connected with CallerPumps.</summary>
    public DiskCopier(BlockDevice device, ProgressDisplay progress, CancellationToken token)
    {
        _device = device;
        _queue = device.OpenQueue();
        (_depth, _buffer) = Rent(device);
        _progress = progress;
        _token = token;
    }

    /// <summary>Bytes that have arrived.</summary>
    public long CopiedBytes { get; private set; }

    /// <summary>Bytes of zeros that were not written to the disk.</summary>
    public long SkippedBytes { get; private set; }

    /// <summary>Copies the whole disk out, in order.</summary>
    /// <exception cref="WorkFailedException">The disk failed, or its backend went away.</exception>
    public void ReadInto(ICopySink sink)
    {
        long size = _device.SizeBytes;
        long asked = 0;
        long taken = 0;
        long count = (size + ChunkBytes - 1) / ChunkBytes;
        while (taken < count)
        {
            _token.ThrowIfCancellationRequested();
            while (asked < count && asked - taken < _depth)
            {
                long offset = asked * ChunkBytes;
                Submit(BlockOperation.Read, (int)(asked % _depth), offset, (int)Math.Min(ChunkBytes, size - offset));
                asked++;
            }

            _queue.Publish();
            int slot = (int)(taken % _depth);
            while (!_slots[slot].IsDone)
                Reap(BlockOperation.Read);
            (long start, int length, _) = _slots[slot];
            sink.Write(start, _buffer.Span.Slice(slot * ChunkBytes, length));
            taken++;
            CopiedBytes += length;
            _progress.Report((double)CopiedBytes / size, ByteSize.Format(CopiedBytes));
        }
    }

    /// <summary>Copies onto the disk from its start, and flushes.</summary>
    /// <param name="source">Where from.</param>
    /// <param name="skipsZeros">True if the disk is known to be zero.</param>
    /// <exception cref="WorkFailedException">The disk failed, is too small, or its backend went away.</exception>
    public void WriteFrom(ICopySource source, bool skipsZeros)
    {
        Stack<int> free = new(Enumerable.Range(0, _depth));
        long offset = 0;
        bool isEnd = false;
        while (!isEnd || free.Count < _depth)
        {
            _token.ThrowIfCancellationRequested();
            while (!isEnd && free.Count > 0)
            {
                int slot = free.Peek();
                int length = source.Read(_buffer.Span.Slice(slot * ChunkBytes, ChunkBytes), out bool isZero);
                if (length == ICopySource.NotYet)
                    break;
                isEnd = length < ChunkBytes;
                if (length == 0)
                    break;
                length = Pad(slot, length);
                if (offset + length > _device.SizeBytes)
                    throw TooLong(offset);
                if (isZero && skipsZeros)
                {
                    SkippedBytes += length;
                    CopiedBytes += length;
                }
                else
                {
                    Submit(BlockOperation.Write, free.Pop(), offset, length);
                    _queue.Publish();
                }

                offset += length;
            }

            if (free.Count == _depth)
            {
                RequireBackend();
                continue;
            }

            Reap(BlockOperation.Write);
            for (int slot = 0; slot < _depth; slot++)
            {
                if (!_slots[slot].IsDone)
                    continue;
                _slots[slot].IsDone = false;
                CopiedBytes += _slots[slot].Length;
                free.Push(slot);
            }

            _progress.Report(
                (double)CopiedBytes / (source.LengthBytes ?? _device.SizeBytes), ByteSize.Format(CopiedBytes));
        }

        Flush();
    }

    /// <summary>
    /// Waits for what is still under way, for a moment, so that closing finds nothing of ours in use.
    /// </summary>
    public void Drain()
    {
        long started = Stopwatch.GetTimestamp();
        while (_queue.InFlight > 0 && _queue.EndReason is null && Stopwatch.GetElapsedTime(started) < s_patience / 30)
        {
            if (_queue.Reap(_completions) == 0)
                _queue.Wait(s_look);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    // On real Xen the pages that a whole domain may grant are few (gntalloc's limit): fewer under way is slower, and
    // better than no copy.
    private static (int Depth, GrantedBuffer Buffer) Rent(BlockDevice device)
    {
        for (int depth = DepthMax; ; depth /= 2)
        {
            try
            {
                return (depth, device.RentBuffer(depth * ChunkBytes));
            }
            catch (XenBlockException full) when (full.Kind == XenBlockErrorKind.NoSpace && depth > 1)
            {
                // Half of it, then.
            }
        }
    }

    private void Submit(BlockOperation operation, int slot, long offset, int length)
    {
        _slots[slot] = (offset, length, false);
        if (!_queue.TrySubmit(operation, offset, _buffer, slot * ChunkBytes, length, (ulong)slot))
            throw new InvalidOperationException($"The queue holds fewer than {_depth} operations.");
    }

    private void Reap(BlockOperation operation)
    {
        int count = _queue.Reap(_completions);
        while (count == 0)
        {
            _token.ThrowIfCancellationRequested();
            _queue.Wait(s_look);
            count = _queue.Reap(_completions);
            if (count == 0 && Stopwatch.GetElapsedTime(_heardAt) > s_patience)
            {
                throw new WorkFailedException(
                    $"{_device.Name} has not answered for {s_patience.TotalSeconds:N0} s; its backend hangs.");
            }
        }

        _heardAt = Stopwatch.GetTimestamp();
        for (int i = 0; i < count; i++)
        {
            int slot = (int)_completions[i].Token;
            if (_completions[i].Status != BlockOperationStatus.Okay)
                throw Failed(operation, _completions[i].Status, _slots[slot].Offset, _slots[slot].Length);
            _slots[slot].IsDone = true;
        }
    }

    private void Flush()
    {
        if (!_device.Features.Flush)
            return;
        _slots[0] = default;
        if (!_queue.TrySubmit(BlockOperation.Flush, 0, null, 0, 0, token: 0))
            throw new InvalidOperationException("The queue does not take a flush when nothing else is under way.");
        _queue.Publish();
        while (!_slots[0].IsDone)
            Reap(BlockOperation.Flush);
    }

    // Nothing is under way that could fail, and a queue looks at its peer only where it waits: ask.
    private void RequireBackend()
    {
        _queue.Wait(TimeSpan.Zero);
        _queue.Reap(_completions);
        if (_queue.EndReason is not null)
            throw Failed(BlockOperation.Write, BlockOperationStatus.PeerGone, 0, 0);
    }

    // A last sector that is not whole is filled with zeros: a disk has no half sectors.
    private int Pad(int slot, int length)
    {
        int whole = (length + _device.SectorSizeBytes - 1) / _device.SectorSizeBytes * _device.SectorSizeBytes;
        _buffer.Span.Slice((slot * ChunkBytes) + length, whole - length).Clear();
        return whole;
    }

    private WorkFailedException TooLong(long offset) => new(
        $"There is more to copy than {_device.Name} holds ({_device.SizeBytes:N0} bytes); "
            + $"the first {offset:N0} bytes were sent, and nothing is promised about them: take a larger disk.");

    private WorkFailedException Failed(BlockOperation operation, BlockOperationStatus status, long offset, int length)
    {
        if (status is BlockOperationStatus.PeerGone or BlockOperationStatus.PeerViolation)
        {
            string reason = _queue.EndReason is { Length: > 0 } words ? words.TrimEnd('.') : "it closed or died";
            return new WorkFailedException(
                $"The backend of {_device.Name} went away in the middle of the copy, at byte {CopiedBytes:N0} of "
                    + $"{_device.SizeBytes:N0}: {reason}. The copy is not complete; what was flushed before is safe.");
        }

        string what = operation == BlockOperation.Flush ? "flush" : $"{operation} of {length:N0} bytes at {offset:N0}";
        return new WorkFailedException(
            $"{_device.Name} answered the {what} with {status}: an I/O error at its backend, such as a full or broken "
                + "medium; look at the backend, make room, and copy again. The copy is not complete.");
    }
}
