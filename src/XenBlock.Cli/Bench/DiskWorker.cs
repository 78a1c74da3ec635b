using System.Diagnostics;
using XenBlock.Cli.CommandLine;
using XenBlock.Frontend;
using XenBlock.Profiling;

namespace XenBlock.Cli.Bench;

/// <summary>Drives one disk from one thread, as many operations under way as asked, into granted buffers.</summary>
internal sealed class DiskWorker : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);
    private readonly BlockDevice _device;
    private readonly BlockQueue _queue;
    private GrantedBuffer _buffer;
    private readonly LatencyHistogram _latencies = new();
    private readonly OffsetSequence _offsets;
    private readonly long[] _submitted;
    private readonly int[] _free;
    private readonly BlockCompletion[] _completions;
    private readonly long _diskBytes;

    /// <summary>Takes the queue of a device that was connected with CallerPumps.</summary>
    /// <param name="device">The device; not disposed here.</param>
    /// <param name="mode">What was agreed.</param>
    /// <param name="access">How the backend reaches the pages.</param>
    /// <param name="diskBytes">Bytes that may be used.</param>
    /// <param name="pattern">Where the next operation goes.</param>
    /// <param name="depthMax">The most operations under way.</param>
    /// <param name="bufferBytes">Memory for all of them together.</param>
    public DiskWorker(
        BlockDevice device,
        TransferMode mode,
        AccessChoice access,
        long diskBytes,
        AccessPattern pattern,
        int depthMax,
        int bufferBytes)
    {
        _device = device;
        Mode = mode;
        Access = access;
        _diskBytes = diskBytes;
        _buffer = device.RentBuffer(bufferBytes); // first: where there is no room for it, nothing is taken
        _queue = device.OpenQueue();
        _offsets = new OffsetSequence(pattern);
        _submitted = new long[depthMax];
        _free = new int[depthMax];
        _completions = new BlockCompletion[depthMax];
    }

    /// <summary>What was agreed.</summary>
    public TransferMode Mode { get; }

    /// <summary>How the backend reaches the pages.</summary>
    public AccessChoice Access { get; }

    /// <summary>Which of a run's disks it is, in words.</summary>
    public string Name => $"{Mode.Name}, {Access.ToString().ToLowerInvariant()}";

    /// <summary>True if a point is to be measured on this disk.</summary>
    public bool IsFor(BenchPoint point) => point.Mode == Mode && point.Access == Access;

    /// <summary>The device.</summary>
    public BlockDevice Device => _device;

    /// <summary>The memory that operations read into and write from.</summary>
    public GrantedBuffer Buffer => _buffer;

    /// <summary>Measures one point for a while.</summary>
    /// <param name="point">What to do; its mode is this worker's.</param>
    /// <param name="length">For how long.</param>
    /// <param name="readCounters">Reads the running totals of both sides.</param>
    /// <exception cref="WorkFailedException">An operation failed, or nothing came back.</exception>
    public BenchSample Measure(BenchPoint point, TimeSpan length, Func<BenchCounters> readCounters)
    {
        _latencies.Clear();
        _offsets.Restart(_diskBytes, point.SizeBytes);
        BenchCounters before = readCounters();
        long started = Stopwatch.GetTimestamp();
        long finished = Run(point, started, started + (long)(length.TotalSeconds * Stopwatch.Frequency));
        return new BenchSample(
            (double)(finished - started) / Stopwatch.Frequency,
            _latencies.Count,
            _latencies.Quantile(0.5) / 1000,
            _latencies.Quantile(0.99) / 1000,
            readCounters() - before);
    }

    /// <summary>One operation, waited for.</summary>
    /// <exception cref="WorkFailedException">It failed.</exception>
    public void Do(BlockOperation operation, long offsetBytes, int lengthBytes)
    {
        GrantedBuffer? buffer = lengthBytes == 0 ? null : _buffer;
        while (!_queue.TrySubmit(operation, offsetBytes, buffer, 0, lengthBytes, token: 0))
            Wait(operation);
        _queue.Publish();
        while (_queue.Reap(_completions) == 0)
            Wait(operation);
        Check(operation, _completions[0].Status);
    }

    /// <summary>Takes other memory instead, while nothing is under way.</summary>
    /// <param name="bufferBytes">Memory for all operations together.</param>
    public void Resize(int bufferBytes)
    {
        _buffer.Dispose();
        _buffer = _device.RentBuffer(bufferBytes);
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    // Nothing here allocates, and the clock is read once a batch: this loop is part of what is measured.
    private long Run(BenchPoint point, long started, long deadline)
    {
        BlockOperation operation =
            point.Operation == BenchOperation.Read ? BlockOperation.Read : BlockOperation.Write;
        for (int slot = 0; slot < point.Depth; slot++)
            _free[slot] = slot;
        int free = point.Depth;
        long now = started;
        while (true)
        {
            int before = free;
            while (now < deadline && free > 0)
            {
                int slot = _free[free - 1];
                if (!_queue.TrySubmit(
                        operation, _offsets.Next(), _buffer, slot * point.SizeBytes, point.SizeBytes, (ulong)slot))
                    break;
                _submitted[slot] = now;
                free--;
            }

            if (free == point.Depth)
                return now;
            if (free != before)
                _queue.Publish();
            int count = _queue.Reap(_completions);
            if (count == 0)
            {
                Wait(operation);
                count = _queue.Reap(_completions);
            }

            now = Stopwatch.GetTimestamp();
            for (int i = 0; i < count; i++)
            {
                Check(operation, _completions[i].Status);
                int slot = (int)_completions[i].Token;
                _latencies.Record((now - _submitted[slot]) * (1_000_000_000 / Stopwatch.Frequency));
                _free[free++] = slot;
            }
        }
    }

    private void Wait(BlockOperation operation)
    {
        if (!_queue.Wait(s_patience))
        {
            throw new WorkFailedException(
                $"The disk has not answered a {operation} for {s_patience.TotalSeconds:N0} s; its backend hangs.");
        }
    }

    private static void Check(BlockOperation operation, BlockOperationStatus status)
    {
        if (status != BlockOperationStatus.Okay)
            throw new WorkFailedException($"The disk answered a {operation} with {status}; the run is void.");
    }
}
