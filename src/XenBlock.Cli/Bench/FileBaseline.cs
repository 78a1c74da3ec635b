using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using XenBlock.Native;
using XenBlock.Profiling;

namespace XenBlock.Cli.Bench;

/// <summary>
/// The image file itself, read or written by plain system calls on one thread: what the boundary is held against.
/// </summary>
internal sealed class FileBaseline : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly long _sizeBytes;
    private readonly byte[] _buffers;
    private readonly LatencyHistogram _latencies = new();
    private readonly OffsetSequence _offsets;

    /// <summary>Opens the file.</summary>
    /// <param name="image">The image.</param>
    /// <param name="pattern">Where the next operation goes.</param>
    /// <param name="isWritable">True to measure writes too.</param>
    /// <param name="bufferBytes">Memory for buffers in turn.</param>
    public FileBaseline(BenchImage image, AccessPattern pattern, bool isWritable, int bufferBytes)
    {
        _file = image.OpenBeside(isWritable);
        _sizeBytes = image.SizeBytes;
        _offsets = new OffsetSequence(pattern);
        _buffers = GC.AllocateUninitializedArray<byte>(bufferBytes, pinned: true);
        _buffers.AsSpan().Fill(0x5A);
    }

    /// <summary>Measures one size for a while.</summary>
    /// <param name="operation">Read or write.</param>
    /// <param name="sizeBytes">Bytes a call.</param>
    /// <param name="buffers">How many buffers to use in turn.</param>
    /// <param name="length">For how long.</param>
    public BenchSample Measure(BenchOperation operation, int sizeBytes, int buffers, TimeSpan length)
    {
        _latencies.Clear();
        _offsets.Restart(_sizeBytes, sizeBytes);
        long cpuNs = Processor.ProcessTimeNs;
        long started = Stopwatch.GetTimestamp();
        long deadline = started + (long)(length.TotalSeconds * Stopwatch.Frequency);
        long now = started;
        int buffer = 0;
        while (now < deadline)
        {
            Span<byte> memory = _buffers.AsSpan(buffer * sizeBytes, sizeBytes);
            long offset = _offsets.Next();
            if (operation == BenchOperation.Read)
                RandomAccess.Read(_file, memory, offset);
            else
                RandomAccess.Write(_file, memory, offset);
            buffer = buffer + 1 == buffers ? 0 : buffer + 1;
            long finished = Stopwatch.GetTimestamp();
            _latencies.Record((finished - now) * (1_000_000_000 / Stopwatch.Frequency));
            now = finished;
        }

        double cpuMicroseconds = (Processor.ProcessTimeNs - cpuNs) / 1000.0;
        return new BenchSample(
            (double)(now - started) / Stopwatch.Frequency,
            _latencies.Count,
            _latencies.Quantile(0.5) / 1000,
            _latencies.Quantile(0.99) / 1000,
            new BenchCounters(0, 0, 0, 0, 0, cpuMicroseconds));
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
