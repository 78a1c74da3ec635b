using System.Diagnostics.CodeAnalysis;
using XenBlock.Hypervisor;
using XenBlock.Profiling;

namespace XenBlock.Frontend;

/// <summary>
/// Operations of one thread that does all the work itself: submit some, publish them together, wait, reap. No other
/// thread, no lock and no allocation is on the way.
/// </summary>
/// <remarks>For one thread at a time; only on a device with <see cref="BlockDeviceOptions.CallerPumps"/>.</remarks>
[SuppressMessage("Naming", "CA1711", Justification = "a queue of operations, though no collection")]
public sealed class BlockQueue : IPumpHost
{
    // A pump that waits for grant references which somebody else holds has no event to wait for.
    private static readonly TimeSpan _starvedRetry = TimeSpan.FromMilliseconds(10);

    // So that a caller may queue ahead of a ring of 32 slots; also enough for the largest ring.
    private const int OperationsMax = 512;

    private readonly BlockDevice _device;
    private readonly FrontendPump _pump;
    private readonly TimeProvider _time;
    private readonly int _spinUs;
    private readonly EventStorm _storm = new();
    private readonly TaskCompletionSource _detached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FrontendOperation? _free;
    private DeviceConnection? _connection;
    private ConnectedQueue? _connected;
    private volatile ConnectionEnd? _end;

    internal BlockQueue(BlockDevice device, IGrantTable grants, TimeProvider time, int spinUs, TraceRecorder? trace)
    {
        _device = device;
        _pump = new FrontendPump(grants, trace);
        _time = time;
        _spinUs = spinUs;
        for (int i = 0; i < OperationsMax; i++) _free = new FrontendOperation { Next = _free };
    }

    /// <summary>Who is told how long operations took.</summary>
    internal OperationDurations Durations
    {
        init => _pump.Durations = value;
    }

    /// <summary>Operations submitted and not yet reaped.</summary>
    public int InFlight { get; private set; }

    /// <summary>The most operations at a time.</summary>
    public int Capacity { get; } = OperationsMax;

    /// <summary>Why the disk went away, or null while it is there.</summary>
    public string? EndReason => _end?.Reason;

    /// <inheritdoc/>
    int IPumpHost.InFlight => _pump.InFlight;

    /// <inheritdoc/>
    IReadOnlyList<FrontendCounters> IPumpHost.Counters => [_pump.Counters];

    /// <summary>
    /// Submits an operation. It is under way once <see cref="Publish"/> was called, or the next <see cref="Reap"/>.
    /// </summary>
    /// <param name="operation">What to do.</param>
    /// <param name="offsetBytes">Where on the disk: a multiple of the sector size. 0 for a flush.</param>
    /// <param name="buffer">The memory; null for flush and discard.</param>
    /// <param name="bufferOffsetBytes">Where in the buffer: a multiple of the sector size.</param>
    /// <param name="lengthBytes">How much: a multiple of the sector size. 0 for a flush.</param>
    /// <param name="token">Comes back in the completion.</param>
    /// <returns>False if there are <see cref="Capacity"/> operations already: reap first.</returns>
    /// <exception cref="XenBlockException">The range or the buffer makes no sense.</exception>
    public bool TrySubmit(
        BlockOperation operation,
        long offsetBytes,
        GrantedBuffer? buffer,
        int bufferOffsetBytes,
        int lengthBytes,
        ulong token)
    {
        FrontendOperation? free = _free;
        if (free is null) return false;
        _device.Check(operation, offsetBytes, lengthBytes);
        FrontendOperation? rest = free.Next; // preparing an operation takes it out of every list
        if (buffer is null)
        {
            if (operation is BlockOperation.Read or BlockOperation.Write)
                throw new XenBlockException(XenBlockErrorKind.InvalidArgument, "a read or write needs a buffer");
            free.Prepare(operation, offsetBytes, lengthBytes);
        }
        else
        {
            _device.Check(buffer, bufferOffsetBytes, lengthBytes);
            free.Prepare(operation, offsetBytes, buffer, bufferOffsetBytes, lengthBytes);
        }

        _free = rest;
        free.Token = token;
        InFlight++;
        _pump.Submit(free);
        return true;
    }

    /// <summary>Makes what was submitted visible to the backend, with one event for all, if it needs one.</summary>
    public void Publish()
    {
        if (!_pump.Publish()) return;
        _connected!.Channel.Notify();
        _pump.StampNotified();
    }

    /// <summary>Takes what is done, without blocking.</summary>
    /// <returns>How many completions there are in the span.</returns>
    public int Reap(Span<BlockCompletion> completions)
    {
        if (_end is not null) Leave();
        _pump.TakeResponses();
        if (_pump.IsStarved) _pump.StartWaiting();
        Publish(); // an operation larger than the ring goes on as room comes
        if (_pump.FaultReason is { } fault) _connection?.Break(fault);
        int count = 0;
        while (count < completions.Length && _pump.TakeCompleted() is { } done)
        {
            completions[count++] = new BlockCompletion(done.Token, done.Status);
            done.Forget();
            done.Next = _free;
            _free = done;
        }

        InFlight -= count;
        return count;
    }

    /// <summary>
    /// Blocks until <see cref="Reap"/> has something to give. Looks for a moment first, if the backend is known to run
    /// on another processor.
    /// </summary>
    /// <returns>False if the time ran out.</returns>
    public bool Wait(TimeSpan timeout)
    {
        if (_pump.HasCompleted || _pump.HasResponses) return true;
        long start = 0;
        while (true)
        {
            if (_end is not null) Leave();
            if (_pump.HasCompleted) return true;
            if (_connection is not { } connection) return false;
            IEventChannel channel = _connected!.Channel;
            if (Spin(channel) || _pump.FinalCheckForResponses()) return true;
            if (_connected.HasLostPeer) connection.Break(string.Empty);

            TimeSpan left = Timeout.InfiniteTimeSpan;
            if (timeout != Timeout.InfiniteTimeSpan)
            {
                if (start == 0) start = _time.GetTimestamp();
                left = timeout - _time.GetElapsedTime(start);
                if (left <= TimeSpan.Zero) return false;
            }

            bool isStarved = _pump.IsStarved;
            _pump.StampSleep(isAwake: false);
            channel.Wait(isStarved && (left < TimeSpan.Zero || left > _starvedRetry) ? _starvedRetry : left);
            _pump.StampSleep(isAwake: true);
            _pump.Counters.WakeUps++;
            if (isStarved) return true;
            if (_pump.HasResponses)
            {
                _storm.End();
                return true;
            }

            _pump.Counters.WakeUpsForNothing++;
            _storm.InVain(channel);
        }
    }

    /// <inheritdoc/>
    void IPumpHost.Attach(DeviceConnection connection)
    {
        _connection = connection;
        _connected = connection.Queues[0]; // one is all that was wished for
        _pump.Attach(_connected.Link);
    }

    /// <inheritdoc/>
    void IPumpHost.Pause()
    {
        // The pump is the caller's: what it has on the ring when the end comes fails.
    }

    /// <inheritdoc/>
    Task IPumpHost.DetachAsync(ConnectionEnd end, bool keepWaiting)
    {
        // Only the caller's thread may touch the pump: it is told, and woken, and leaves the ring by itself.
        _end = end;
        _connected?.Channel.Wake();
        return _detached.Task;
    }

    /// <inheritdoc/>
    void IPumpHost.RevokeAbandoned() => _pump.RevokeAbandoned();

    /// <summary>The device is disposed, by the caller's thread or after it stopped: leaves the ring now.</summary>
    internal void Leave(ConnectionEnd end)
    {
        _end ??= end;
        Leave();
    }

    private void Leave()
    {
        if (_connection is null) return;
        _pump.Detach(_end!.Status, keepWaiting: false);
        _connection = null;
        _detached.TrySetResult();
    }

    private bool Spin(IEventChannel channel)
    {
        if (_spinUs == 0 || _pump.InFlight == 0 || !channel.PeerRunsElsewhere) return false;
        long start = _time.GetTimestamp();
        do
        {
            for (int i = 0; i < 16; i++)
            {
                if (_pump.HasResponses) return true;
                Thread.SpinWait(4);
            }
        }
        while (_time.GetElapsedTime(start).TotalMicroseconds < _spinUs && _end is null);
        return false;
    }
}
