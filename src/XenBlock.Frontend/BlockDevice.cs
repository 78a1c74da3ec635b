using XenBlock.Hypervisor;
using XenBlock.Profiling;
using XenBlock.Protocol;

namespace XenBlock.Frontend;

/// <summary>
/// A virtual disk of our own domain. Safe for concurrent calls; many operations may be under way, and one that is
/// larger than a request is split into many that are under way together. Where the backend has several queues, the
/// calling thread decides which one is used.
/// </summary>
/// <remarks>
/// Operations that are under way together have no order: one that must come after another, or a flush that must cover
/// it, is submitted once that other one is done.
/// Offsets and lengths are bytes, multiples of <see cref="SectorSizeBytes"/>. Operations fail with
/// <see cref="XenBlockException"/>. Cancelling keeps from the ring what is not yet on it; the wait for what is there
/// goes on until the backend has answered, because until then the backend may use the memory.
/// </remarks>
public sealed class BlockDevice : IAsyncDisposable
{
    // A synchronous operation on plain memory goes through a rented buffer of at most this size.
    private const int SynchronousChunkBytes = 4 << 20;

    private readonly DeviceLife _life;
    private readonly BufferPool _buffers;
    private readonly IPumpHost _host;
    private readonly DeviceQueues? _shared;
    private readonly BlockQueue? _queue;
    private readonly int _sectorMask;
    private bool _isQueueOpen;

    private BlockDevice(IHypervisor hypervisor, Opening opening, BlockDeviceOptions options)
    {
        Name = opening.Directory.Name;
        Number = opening.Number;
        BackendDomain = opening.Directory.Backend;
        Domain = hypervisor.DomainId;
        var durations = new OperationDurations(hypervisor.Time, this);
        if (options.CallerPumps)
            _host = _queue = new BlockQueue(
                this, hypervisor.Grants, hypervisor.Time, options.SpinUs, Recorder(hypervisor, options, 0))
            {
                Durations = durations,
            };
        else
            _host = _shared = new DeviceQueues(
                options.QueuesMax,
                index => new PumpShell(
                    hypervisor.Grants,
                    hypervisor.Time,
                    Name,
                    options.SpinUs,
                    Recorder(hypervisor, options, index),
                    index)
                {
                    Durations = durations,
                });
        _buffers = new BufferPool(hypervisor.Grants, BackendDomain, opening.Handshake.IsTrusted);
        _life = new DeviceLife(
            hypervisor, opening.Directory, opening.Handshake, opening.Watch, _host, _buffers, options);
        _sectorMask = opening.Disk.SectorSizeBytes - 1;
        _life.Start(opening.Connection, opening.Disk);
        FrontendMetrics.Devices.Add(this);
    }

    /// <summary>Its name, as "xvda".</summary>
    public string Name { get; }

    /// <summary>Its number.</summary>
    public VbdNumber Number { get; }

    /// <summary>The domain that serves it.</summary>
    public DomainId BackendDomain { get; }

    /// <summary>The domain that we are.</summary>
    internal DomainId Domain { get; }

    /// <summary>Its size in bytes. May change: the backend can resize the disk.</summary>
    public long SizeBytes => _life.Disk.SizeBytes;

    /// <summary>The unit of offsets and lengths: 512, 1024, 2048 or 4096 bytes.</summary>
    public int SectorSizeBytes => _sectorMask + 1;

    /// <summary>What the medium itself writes at once, in bytes.</summary>
    public int PhysicalSectorSizeBytes => _life.Disk.PhysicalSectorSizeBytes;

    /// <summary>True if it cannot be written to.</summary>
    public bool IsReadOnly => (_life.Disk.Info & VbdInfo.ReadOnly) != VbdInfo.None;

    /// <summary>What was offered and agreed, and the reason for each "no".</summary>
    public AgreedFeatures Features => _life.Features;

    /// <summary>Completes when the disk is gone for good, with the reason in words; never faults.</summary>
    public Task<string> Disconnected => _life.Disconnected;

    /// <summary>What was done so far.</summary>
    public BlockDeviceStatistics Statistics
    {
        get
        {
            IReadOnlyList<FrontendCounters> queues = _host.Counters;
            FrontendCounters c = FrontendCounters.Sum(queues);
            return new BlockDeviceStatistics
            {
                Requests = c.Requests,
                RequestsPerQueue = [.. queues.Select(queue => queue.Requests)],
                IndirectRequests = c.IndirectRequests,
                Responses = c.Responses,
                ErrorResponses = c.ErrorResponses,
                Segments = c.Segments,
                BytesRead = c.BytesRead,
                BytesWritten = c.BytesWritten,
                BytesCopied = c.BytesCopied,
                NotificationsSent = c.NotificationsWanted,
                WakeUps = c.WakeUps,
                WakeUpsForNothing = c.WakeUpsForNothing,
                GrantsOffered = c.GrantsOffered,
                GrantsRevoked = c.GrantsRevoked,
                PagesQuarantined = c.GrantsQuarantined + _buffers.PagesQuarantined + _life.PagesKept,
                WaitsForGrants = c.WaitsForGrants,
                OperationsReplayed = c.OperationsReplayed,
                Connections = _life.Connections,
                InFlight = _host.InFlight,
            };
        }
    }

    /// <summary>Connects to a disk of our own domain.</summary>
    /// <param name="hypervisor">The machine.</param>
    /// <param name="vdev">The disk, as "xvda" or "51712".</param>
    /// <param name="options">What we wish for; the backend's offer decides with it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="XenBlockException">There is no such disk, or no backend, or it does not answer.</exception>
    public static async Task<BlockDevice> ConnectAsync(
        IHypervisor hypervisor,
        string vdev,
        BlockDeviceOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(hypervisor);
        options = Checked(options ?? new BlockDeviceOptions());
        if (!VbdName.TryParse(vdev, out VbdNumber number, out string? problem))
            throw new XenBlockException(XenBlockErrorKind.InvalidArgument, problem);

        VbdDirectory directory = await VbdDirectory.FindAsync(hypervisor, number, cancellationToken);
        var watch = new BackendWatch(await directory.WatchBackendAsync(cancellationToken));
        try
        {
            var handshake = new FrontendHandshake(hypervisor, directory, number, options);
            (DeviceConnection connection, DiskProperties disk) = await handshake.ConnectAsync(
                watch, isReconnect: false, cancellationToken);
            var opening = new Opening(directory, number, watch, handshake, connection, disk);
            return new BlockDevice(hypervisor, opening, options);
        }
        catch
        {
            await watch.DisposeAsync();
            throw;
        }
    }

    /// <summary>Memory for reads and writes without a copy. Dispose it to give it back.</summary>
    /// <exception cref="XenBlockException">The domain has no memory, or no grant references, left.</exception>
    public GrantedBuffer RentBuffer(int lengthBytes) => _buffers.Rent(lengthBytes);

    /// <summary>Reads into plain memory, which must stay as it is until the task is done.</summary>
    public ValueTask ReadAsync(long offsetBytes, Memory<byte> memory, CancellationToken cancellationToken = default)
    {
        Check(BlockOperation.Read, offsetBytes, memory.Length);
        if (memory.IsEmpty) return ValueTask.CompletedTask;
        return Shared().SubmitAsync(BlockOperation.Read, offsetBytes, memory, cancellationToken);
    }

    /// <summary>Writes from plain memory, which must stay as it is until the task is done.</summary>
    public ValueTask WriteAsync(
        long offsetBytes, ReadOnlyMemory<byte> memory, CancellationToken cancellationToken = default)
    {
        Check(BlockOperation.Write, offsetBytes, memory.Length);
        if (memory.IsEmpty) return ValueTask.CompletedTask;

        // A write only ever reads it.
        Memory<byte> readOnly = System.Runtime.InteropServices.MemoryMarshal.AsMemory(memory);
        return Shared().SubmitAsync(BlockOperation.Write, offsetBytes, readOnly, cancellationToken);
    }

    /// <summary>Reads into granted memory, without a copy.</summary>
    public ValueTask ReadAsync(
        long offsetBytes,
        GrantedBuffer buffer,
        int bufferOffsetBytes,
        int lengthBytes,
        CancellationToken cancellationToken = default) =>
        SubmitAsync(BlockOperation.Read, offsetBytes, buffer, bufferOffsetBytes, lengthBytes, cancellationToken);

    /// <summary>Writes from granted memory, without a copy.</summary>
    public ValueTask WriteAsync(
        long offsetBytes,
        GrantedBuffer buffer,
        int bufferOffsetBytes,
        int lengthBytes,
        CancellationToken cancellationToken = default) =>
        SubmitAsync(BlockOperation.Write, offsetBytes, buffer, bufferOffsetBytes, lengthBytes, cancellationToken);

    /// <summary>
    /// Makes durable what was acknowledged before, on whichever queue; what is still under way need not be covered.
    /// </summary>
    public ValueTask FlushAsync(CancellationToken cancellationToken = default) =>
        Shared().SubmitAsync(BlockOperation.Flush, 0, buffer: null, 0, 0, cancellationToken);

    /// <summary>Tells the backend that the content of a range no longer matters, if it wants to know.</summary>
    public ValueTask DiscardAsync(long offsetBytes, long lengthBytes, CancellationToken cancellationToken = default)
    {
        Check(BlockOperation.Discard, offsetBytes, lengthBytes);
        if (lengthBytes == 0) return ValueTask.CompletedTask;
        return Shared().SubmitAsync(BlockOperation.Discard, offsetBytes, null, 0, lengthBytes, cancellationToken);
    }

    /// <summary>
    /// Has the content of a range destroyed: once it is done nobody can read it again. Fails with
    /// <see cref="XenBlockErrorKind.NotSupported"/> where the backend does not offer it.
    /// </summary>
    public ValueTask SecureDiscardAsync(
        long offsetBytes, long lengthBytes, CancellationToken cancellationToken = default)
    {
        Check(BlockOperation.SecureDiscard, offsetBytes, lengthBytes);
        if (lengthBytes == 0) return ValueTask.CompletedTask;
        return Shared().SubmitAsync(
            BlockOperation.SecureDiscard, offsetBytes, null, 0, lengthBytes, cancellationToken);
    }

    /// <summary>
    /// Before the domain is suspended, saved or migrated: waits for what the backend has taken, up to
    /// <see cref="BlockDeviceOptions.SuspendTimeout"/>, then closes the connection in order, so that nothing of the
    /// domain stays mapped anywhere. Operations that are submitted meanwhile wait for <see cref="ResumeAsync"/>; what
    /// was not answered in time is done again then. Each completes once.
    /// </summary>
    /// <exception cref="InvalidOperationException">The caller pumps, or it is suspended already.</exception>
    /// <exception cref="XenBlockException">The disk has gone.</exception>
    public Task SuspendAsync() => _queue is null
        ? _life.SuspendAsync()
        : throw new InvalidOperationException($"{Name} is pumped by its caller, who alone can leave its ring");

    /// <summary>
    /// Connects again after <see cref="SuspendAsync"/>, to whatever backend there is now, with what it offers; returns
    /// once that stands.
    /// </summary>
    /// <exception cref="InvalidOperationException">It is not suspended.</exception>
    /// <exception cref="XenBlockException">The disk has gone, or is another one.</exception>
    public Task ResumeAsync() => _life.ResumeAsync();

    /// <summary>Reads, and blocks until it is done.</summary>
    public void Read(long offsetBytes, Span<byte> destination)
    {
        Check(BlockOperation.Read, offsetBytes, destination.Length);
        while (!destination.IsEmpty)
        {
            int lengthBytes = Math.Min(destination.Length, SynchronousChunkBytes);
            using GrantedBuffer buffer = RentBuffer(lengthBytes);
            Shared().Do(BlockOperation.Read, offsetBytes, buffer, 0, lengthBytes);
            buffer.Span.CopyTo(destination);
            destination = destination[lengthBytes..];
            offsetBytes += lengthBytes;
        }
    }

    /// <summary>Writes, and blocks until it is done.</summary>
    public void Write(long offsetBytes, ReadOnlySpan<byte> source)
    {
        Check(BlockOperation.Write, offsetBytes, source.Length);
        while (!source.IsEmpty)
        {
            int lengthBytes = Math.Min(source.Length, SynchronousChunkBytes);
            using GrantedBuffer buffer = RentBuffer(lengthBytes);
            source[..lengthBytes].CopyTo(buffer.Span);
            Shared().Do(BlockOperation.Write, offsetBytes, buffer, 0, lengthBytes);
            source = source[lengthBytes..];
            offsetBytes += lengthBytes;
        }
    }

    /// <summary>Makes durable what was acknowledged before, and blocks until it is.</summary>
    public void Flush() => Shared().Do(BlockOperation.Flush, 0, buffer: null, 0, 0);

    /// <summary>The disk as a stream, from its start; positions need not be multiples of the sector size.</summary>
    public Stream OpenStream() => new BlockDeviceStream(this);

    /// <summary>The queue for the caller's own thread, on a device that was connected for it.</summary>
    public BlockQueue OpenQueue()
    {
        if (_queue is null)
            throw new InvalidOperationException($"a queue needs {nameof(BlockDeviceOptions.CallerPumps)}");
        if (_isQueueOpen) throw new InvalidOperationException($"the queue of {Name} is open already");
        _isQueueOpen = true;
        return _queue;
    }

    /// <summary>Closes in order: the backend lets go of our memory, then it is given back.</summary>
    public async ValueTask DisposeAsync()
    {
        FrontendMetrics.Devices.Remove(this);
        _queue?.Leave(new ConnectionEnd(
            XenBlockErrorKind.PeerGone, $"{Name} was closed on this side", IsPeerAlive: true, IsFinal: true));
        await _life.DisposeAsync();
        _buffers.Close();
    }

    /// <summary>Checks a range of the disk.</summary>
    internal void Check(BlockOperation operation, long offsetBytes, long lengthBytes)
    {
        if (((offsetBytes | lengthBytes) & _sectorMask) != 0)
            throw Invalid($"{operation} of {lengthBytes} bytes at {offsetBytes}: the sectors of {Name} have "
                + $"{SectorSizeBytes} bytes");
        if (operation != BlockOperation.Read && operation != BlockOperation.Flush && IsReadOnly)
            throw new XenBlockException(XenBlockErrorKind.PermissionDenied, $"{Name} is read-only");
        if (offsetBytes < 0 || lengthBytes < 0 || offsetBytes > SizeBytes - lengthBytes)
            throw Invalid($"{operation} of {lengthBytes} bytes at {offsetBytes}: {Name} ends at {SizeBytes}");
    }

    /// <summary>Checks a range of a buffer.</summary>
    internal void Check(GrantedBuffer buffer, int bufferOffsetBytes, int lengthBytes)
    {
        ObjectDisposedException.ThrowIf(buffer.IsDisposed, buffer);
        if (!buffer.IsOf(_buffers)) throw Invalid($"the buffer was not rented from {Name}");
        if ((bufferOffsetBytes & _sectorMask) != 0 || lengthBytes == 0)
            throw Invalid($"{lengthBytes} bytes at {bufferOffsetBytes} of a buffer: whole sectors, and one at least");
        if (bufferOffsetBytes < 0 || bufferOffsetBytes > buffer.LengthBytes - lengthBytes)
            throw Invalid($"{lengthBytes} bytes at {bufferOffsetBytes} of a buffer that ends at {buffer.LengthBytes}");
    }

    private TraceRecorder? Recorder(IHypervisor hypervisor, BlockDeviceOptions options, int queue)
    {
        string disk = $"{hypervisor.DomainId.Value}/{Name}";
        return options.Trace?.Recorder(
            $"{disk} frontend {queue}", TraceSide.Frontend, disk, queue, knobs: null, options.SpinUs);
    }

    private static XenBlockException Invalid(string message) => new(XenBlockErrorKind.InvalidArgument, message);

    private static BlockDeviceOptions Checked(BlockDeviceOptions options)
    {
        if (options.IndirectSegmentsMax is < 0 or > ProtocolConstants.IndirectSegmentsMax)
            throw Invalid($"{options.IndirectSegmentsMax} segments: 0 to {ProtocolConstants.IndirectSegmentsMax}");
        if (options.RingPageOrder is < 0 or > ProtocolConstants.RingPageOrderMax)
            throw Invalid($"a ring of 2^{options.RingPageOrder} pages: 0 to {ProtocolConstants.RingPageOrderMax}");
        if (options.QueuesMax is < 1 or > ProtocolConstants.QueuesMax)
            throw Invalid($"{options.QueuesMax} queues: 1 to {ProtocolConstants.QueuesMax}");
        if (options.SpinUs is < 0 or > 10_000) throw Invalid($"{options.SpinUs} us to spin: 0 to 10,000");
        if (options.PoolPagesMax < ProtocolConstants.DirectSegmentsMax)
            throw Invalid($"{options.PoolPagesMax} pages for copying: at least {ProtocolConstants.DirectSegmentsMax}");
        if (options.SuspendTimeout < TimeSpan.Zero) throw Invalid("the time to suspend must not be negative");
        if (options.ConnectTimeout <= TimeSpan.Zero) throw Invalid("the time to connect must be longer than nothing");
        if (options is { CallerPumps: true, Reconnect: true })
            throw Invalid("a device whose caller pumps cannot reconnect by itself");
        return options;
    }

    private ValueTask SubmitAsync(
        BlockOperation operation,
        long offsetBytes,
        GrantedBuffer buffer,
        int bufferOffsetBytes,
        int lengthBytes,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        Check(operation, offsetBytes, lengthBytes);
        Check(buffer, bufferOffsetBytes, lengthBytes);
        return Shared().SubmitAsync(operation, offsetBytes, buffer, bufferOffsetBytes, lengthBytes, cancellationToken);
    }

    private PumpShell Shared() => _shared?.Mine
        ?? throw new InvalidOperationException($"{Name} was connected for a queue; submit to {nameof(OpenQueue)}");

    private sealed record Opening(
        VbdDirectory Directory,
        VbdNumber Number,
        BackendWatch Watch,
        FrontendHandshake Handshake,
        DeviceConnection Connection,
        DiskProperties Disk);
}
