using XenBlock.Hypervisor;
using XenBlock.Profiling;

namespace XenBlock.Frontend;

/// <summary>
/// The shell around the pump of one queue, which many threads use: whoever submits runs it under a lock, and one thread
/// of its own waits for events and takes responses. Continuations never run on that thread.
/// </summary>
internal sealed class PumpShell
{
    // A pump that waits for grant references which somebody else holds has no event to wait for.
    private static readonly TimeSpan _starvedRetry = TimeSpan.FromMilliseconds(10);

    private readonly Lock _gate = new();
    private readonly FrontendPump _pump;
    private readonly TimeProvider _time;
    private readonly string _name;
    private readonly int _spinUs;
    private readonly Stack<PendingOperation> _idle = new();
    private DeviceConnection? _connection;
    private ConnectedQueue? _queue;
    private PumpShell? _successor; // whoever does the work while the connection has no queue for us
    private ConnectionEnd? _lastEnd;
    private Thread? _thread;
    private volatile bool _isStopping;

    public PumpShell(
        IGrantTable grants, TimeProvider time, string name, int spinUs, TraceRecorder? trace, int queueIndex)
    {
        _pump = new FrontendPump(grants, trace, queueIndex);
        _time = time;
        _name = name;
        _spinUs = spinUs;
    }

    /// <summary>Who is told how long operations took.</summary>
    public OperationDurations Durations
    {
        init => _pump.Durations = value;
    }

    /// <summary>Requests on the ring.</summary>
    public int InFlight => _pump.InFlight;

    /// <summary>What was done so far.</summary>
    public FrontendCounters Counters => _pump.Counters;

    /// <summary>The next connection has a queue for us: what is submitted waits for it.</summary>
    public void TakeUp()
    {
        lock (_gate) _successor = null;
    }

    /// <summary>
    /// The next connection has no queue for us: what waits goes to another, and so does what is submitted.
    /// </summary>
    /// <param name="successor">One that has a queue, of a lower index: so no two ever wait for each other.</param>
    public void HandOver(PumpShell successor)
    {
        lock (_gate)
        {
            lock (successor._gate)
            {
                _successor = successor;
                while (_pump.TakeWaiting() is { } operation)
                {
                    ((PendingOperation)operation).Owner = successor;
                    successor._pump.AddWaiting(operation);
                }
            }
        }
    }

    /// <summary>Starts on a queue of a connection.</summary>
    public void Attach(DeviceConnection connection, int index)
    {
        ConnectedQueue queue = connection.Queues[index];
        lock (_gate)
        {
            _connection = connection;
            _queue = queue;
            _isStopping = false;
            _pump.Attach(queue.Link);
            if (_pump.Publish()) Notify(queue.Channel);
        }

        string name = connection.Queues.Count == 1 ? _name : $"{_name}/{index}";
        _thread = new Thread(() => Run(connection, queue)) { IsBackground = true, Name = $"frontend of {name}" };
        _thread.Start();
    }

    /// <summary>Lets what is on the ring be answered, and puts nothing more on it.</summary>
    public void Pause()
    {
        lock (_gate) _pump.Pause();
    }

    /// <summary>Ends the use of the connection. Afterwards nothing touches it any more.</summary>
    public void Detach(ConnectionEnd end, bool keepWaiting)
    {
        FrontendOperation? completed;
        ConnectedQueue? queue;
        lock (_gate)
        {
            queue = _queue;
            _queue = null;
            _connection = null;
            _lastEnd = end;
            _pump.Detach(end.Status, keepWaiting);
            completed = _pump.TakeAllCompleted();
        }

        Finish(completed);
        _isStopping = true;
        queue?.Channel.Wake();
        _thread?.Join(); // it never blocks but in the channel
        _thread = null;
    }

    /// <summary>Ends what the backend still had when we detached; only after it let go.</summary>
    public void RevokeAbandoned()
    {
        lock (_gate) _pump.RevokeAbandoned();
    }

    /// <summary>Submits an operation on plain memory.</summary>
    public ValueTask SubmitAsync(
        BlockOperation kind, long offsetBytes, Memory<byte> memory, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        FrontendOperation? completed;
        PendingOperation operation;
        lock (_gate)
        {
            operation = Rent(isBlocking: false);
            operation.Prepare(kind, offsetBytes, memory);
            completed = Submit(operation);
        }

        return FinishAsync(operation, completed, cancellationToken);
    }

    /// <summary>Submits an operation on granted memory, or on none.</summary>
    public ValueTask SubmitAsync(
        BlockOperation kind,
        long offsetBytes,
        GrantedBuffer? buffer,
        int bufferOffsetBytes,
        long lengthBytes,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        FrontendOperation? completed;
        PendingOperation operation;
        lock (_gate)
        {
            operation = Rent(isBlocking: false);
            Prepare(operation, kind, offsetBytes, buffer, bufferOffsetBytes, lengthBytes);
            completed = Submit(operation);
        }

        return FinishAsync(operation, completed, cancellationToken);
    }

    /// <summary>Does an operation on granted memory, or on none, and blocks until it is done.</summary>
    public void Do(
        BlockOperation kind, long offsetBytes, GrantedBuffer? buffer, int bufferOffsetBytes, long lengthBytes)
    {
        FrontendOperation? completed;
        PendingOperation operation;
        lock (_gate)
        {
            operation = Rent(isBlocking: true);
            Prepare(operation, kind, offsetBytes, buffer, bufferOffsetBytes, lengthBytes);
            completed = Submit(operation);
        }

        Finish(completed);
        operation.WaitForEnd();
    }

    /// <summary>Keeps what is not yet on the ring from it; false if another queue has it meanwhile.</summary>
    public bool TryCancel(PendingOperation operation)
    {
        FrontendOperation? completed;
        lock (_gate)
        {
            if (operation.Owner != this) return false;
            _pump.Cancel(operation);
            completed = _pump.TakeAllCompleted();
        }

        Finish(completed);
        return true;
    }

    /// <summary>The result of an operation was fetched: it can be used again.</summary>
    public void End(PendingOperation operation)
    {
        BlockOperationStatus status = operation.Status;
        Exception? error = status == BlockOperationStatus.Okay ? null : Describe(operation, status);
        lock (_gate)
        {
            operation.Forget();
            _idle.Push(operation);
        }

        if (error is not null) throw error;
    }

    private static void Prepare(
        PendingOperation operation,
        BlockOperation kind,
        long offsetBytes,
        GrantedBuffer? buffer,
        int bufferOffsetBytes,
        long lengthBytes)
    {
        if (buffer is null) operation.Prepare(kind, offsetBytes, lengthBytes);
        else operation.Prepare(kind, offsetBytes, buffer, bufferOffsetBytes, (int)lengthBytes);
    }

    private static void Finish(FrontendOperation? completed)
    {
        while (completed is not null)
        {
            FrontendOperation? next = completed.Next; // read first: once finished, it may be in use again
            completed.Next = null;
            ((PendingOperation)completed).Finish();
            completed = next;
        }
    }

    private static ValueTask FinishAsync(
        PendingOperation operation, FrontendOperation? completed, CancellationToken cancellationToken)
    {
        ValueTask task = operation.Task;
        operation.CancelBy(cancellationToken);
        Finish(completed);
        return task;
    }

    private PendingOperation Rent(bool isBlocking)
    {
        PendingOperation operation = _idle.Count > 0 ? _idle.Pop() : new PendingOperation(this);
        operation.Begin(isBlocking);
        return operation;
    }

    private FrontendOperation? Submit(PendingOperation operation)
    {
        if (_successor is { } successor)
        {
            // Only who chose this queue before the connection changed comes here.
            lock (successor._gate)
            {
                operation.Owner = successor;
                return successor.Submit(operation);
            }
        }

        _pump.Submit(operation);
        if (_pump.Publish() && _queue is { } queue) Notify(queue.Channel);
        if (_pump.IsStarved) _queue?.Channel.Wake(); // nobody's answer will make our thread try again
        return _pump.TakeAllCompleted();
    }

    private Exception Describe(FrontendOperation operation, BlockOperationStatus status)
    {
        string what = operation.Kind == BlockOperation.Flush
            ? $"flush of {_name}"
            : $"{operation.Kind.ToString().ToLowerInvariant()} of {operation.LengthBytes} bytes at "
                + $"{operation.OffsetBytes} of {_name}";
        return status switch
        {
            BlockOperationStatus.NotSupported => new XenBlockException(
                XenBlockErrorKind.NotSupported, $"the backend does not support the {what}"),
            BlockOperationStatus.InputOutputError => new XenBlockException(
                XenBlockErrorKind.InputOutput, $"the backend failed the {what}; its own messages tell the cause"),
            BlockOperationStatus.Cancelled => new OperationCanceledException($"the {what} was cancelled"),
            BlockOperationStatus.PeerViolation => new XenBlockException(
                XenBlockErrorKind.PeerViolation,
                $"the {what} failed: "
                    + (_pump.FaultReason ?? _lastEnd?.Reason ?? "the backend holds on to the buffer's pages")),
            _ => new XenBlockException(
                _lastEnd?.Kind ?? XenBlockErrorKind.PeerGone, $"the {what} failed: {_lastEnd?.Reason}"),
        };
    }

    private void Run(DeviceConnection connection, ConnectedQueue queue)
    {
        IEventChannel channel = queue.Channel;
        FrontendCounters counters = _pump.Counters;
        var storm = new EventStorm();
        while (!_isStopping)
        {
            FrontendOperation? completed;
            int taken;
            bool hasMore;
            bool isStarved;
            string? fault;
            lock (_gate)
            {
                if (_isStopping || _queue != queue) return;
                taken = _pump.TakeResponses();
                if (_pump.IsStarved) _pump.StartWaiting();
                if (_pump.Publish()) Notify(channel);
                completed = _pump.TakeAllCompleted();
                hasMore = taken > 0 || _pump.FinalCheckForResponses(); // arm only when there was nothing
                isStarved = _pump.IsStarved;
                fault = _pump.FaultReason;
            }

            Finish(completed);
            if (fault is not null) connection.Break(fault);
            if (hasMore) storm.End();
            if (hasMore || Spin(channel)) continue;
            if (queue.HasLostPeer) connection.Break(string.Empty);
            StampSleep(isAwake: false);
            channel.Wait(isStarved ? _starvedRetry : Timeout.InfiniteTimeSpan);
            StampSleep(isAwake: true);
            counters.WakeUps++;
            if (_pump.HasResponses) continue;
            counters.WakeUpsForNothing++;
            storm.InVain(channel);
        }
    }

    // A recorder has one writer at a time: whoever holds the gate. Asked first, so that nobody waits for the gate who
    // has nothing to write.
    private void StampSleep(bool isAwake)
    {
        if (!_pump.IsDetailed) return;
        lock (_gate) _pump.StampSleep(isAwake);
    }

    private void Notify(IEventChannel channel)
    {
        channel.Notify();
        _pump.StampNotified();
    }

    /// <summary>Looks for a response for a moment, if the backend runs on another processor.</summary>
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
        while (_time.GetElapsedTime(start).TotalMicroseconds < _spinUs && !_isStopping);
        return false;
    }
}
