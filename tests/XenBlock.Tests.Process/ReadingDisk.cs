using System.Diagnostics;
using XenBlock.Cli.Trace;
using XenBlock.Emulator;
using XenBlock.Frontend;
using XenBlock.Protocol;
using XenBlock.Tracing;

namespace XenBlock.Tests.Process;

/// <summary>
/// A frontend in this process, on a machine that is others': reads at random with several under way until it is ended,
/// and may be traced. It works for each read, or rests, so that a busy computer's tracer can keep up; and its runtime
/// can be made to collect garbage all the time.
/// </summary>
internal sealed class ReadingDisk : IAsyncDisposable
{
    private const int Depth = 16;
    private const int SizeBytes = 4096;
    private readonly EmulatedDomain _guest;
    private readonly SharedTrace _trace;
    private readonly BlockDevice _device;
    private readonly Thread[] _threads;
    private volatile bool _isOver;
    private Exception? _failure;

    private ReadingDisk(EmulatedDomain guest, SharedTrace trace, BlockDevice device, int workUs, bool collects)
    {
        _guest = guest;
        _trace = trace;
        _device = device;
        _threads = collects ? [new Thread(() => Drive(workUs)), new Thread(Collect)] : [new(() => Drive(workUs))];
        foreach (Thread thread in _threads)
            thread.Start();
    }

    /// <summary>Connects xvda of domain 1, and begins.</summary>
    /// <param name="socket">The machine's.</param>
    /// <param name="workUs">Microseconds that this end works for each read; 0: it rests between them.</param>
    /// <param name="collectsGarbage">Whether its runtime stops it again and again.</param>
    public static async Task<ReadingDisk> StartAsync(string socket, int workUs, bool collectsGarbage = false)
    {
        EmulatedDomain guest = await EmulatedMachine.JoinAsync(socket, new DomainId(1));
        SharedTrace trace = await SharedTrace.OpenAsync(
            guest, new SharedTraceOptions { Tracer = new DomainId(TraceDoor.UsualTracer) });
        BlockDevice device = await BlockDevice.ConnectAsync(
            guest, "xvda", new BlockDeviceOptions { CallerPumps = true, Trace = trace.Session });
        return new ReadingDisk(guest, trace, device, workUs, collectsGarbage);
    }

    public async ValueTask DisposeAsync()
    {
        _isOver = true;
        foreach (Thread thread in _threads)
            thread.Join();
        await _device.DisposeAsync();
        await _trace.DisposeAsync();
        await _guest.DisposeAsync();
        if (_failure is not null)
            throw new InvalidOperationException("the reading thread failed", _failure);
    }

    private void Drive(int workUs)
    {
        try
        {
            BlockQueue queue = _device.OpenQueue();
            using GrantedBuffer buffer = _device.RentBuffer(Depth * SizeBytes);
            BlockCompletion[] completions = new BlockCompletion[Depth];
            Random random = new(1);
            Stack<int> free = new(Enumerable.Range(0, Depth));
            while (!_isOver || free.Count != Depth)
            {
                while (!_isOver && free.TryPop(out int slot))
                {
                    Work(workUs);
                    long offset = random.NextInt64(_device.SizeBytes / SizeBytes) * SizeBytes;
                    queue.TrySubmit(BlockOperation.Read, offset, buffer, slot * SizeBytes, SizeBytes, (ulong)slot);
                }

                queue.Publish();
                int count = queue.Reap(completions);
                if (count == 0 && !queue.Wait(Tool.Deadline))
                    throw new InvalidOperationException("the disk does not answer");
                if (workUs == 0)
                    Thread.Sleep(1);
                for (int i = 0; i < count; i++)
                    free.Push((int)completions[i].Token);
            }
        }
        catch (Exception exception)
        {
            _failure = exception; // it is told when this is disposed, and no thread of a test may throw
        }
    }

    private static void Work(int workUs)
    {
        long began = Stopwatch.GetTimestamp();
        while (workUs != 0 && Stopwatch.GetElapsedTime(began).TotalMicroseconds < workUs)
            Thread.SpinWait(4);
    }

    // Much that lives makes a collection long enough to be met.
    private void Collect()
    {
        object[] alive = new object[2_000_000];
        for (int i = 0; i < alive.Length; i++)
            alive[i] = new byte[16];
        while (!_isOver)
        {
            GC.Collect(2, GCCollectionMode.Forced, blocking: true);
            Thread.Sleep(5);
        }

        GC.KeepAlive(alive);
    }
}
