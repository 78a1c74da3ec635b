using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Frontend;

/// <summary>
/// Follows a connected device: the backend's state, the data path, the machine. Closes in order, and connects again
/// where that is wished. One asynchronous loop; nothing of the data path runs in it.
/// </summary>
internal sealed partial class DeviceLife : IAsyncDisposable
{
    // What a backend that wants to stop may take to answer what it has taken.
    private static readonly TimeSpan _drainTimeout = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan _drainStep = TimeSpan.FromMilliseconds(5);

    // A backend that fails at once, again and again, must not keep a processor busy.
    private static readonly TimeSpan _retryPause = TimeSpan.FromMilliseconds(100);

    private readonly IHypervisor _hypervisor;
    private readonly VbdDirectory _directory;
    private readonly FrontendHandshake _handshake;
    private readonly BackendWatch _watch;
    private readonly IPumpHost _host;
    private readonly BufferPool _buffers;
    private readonly BlockDeviceOptions _options;
    private readonly Lock _suspensionGate = new();
    private readonly CancellationTokenSource _dispose = new();
    private readonly TaskCompletionSource<string> _disconnected =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Task? _loop;
    private Suspension? _suspension;
    private TaskCompletionSource _suspensionAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public DeviceLife(
        IHypervisor hypervisor,
        VbdDirectory directory,
        FrontendHandshake handshake,
        BackendWatch watch,
        IPumpHost host,
        BufferPool buffers,
        BlockDeviceOptions options)
    {
        _hypervisor = hypervisor;
        _directory = directory;
        _handshake = handshake;
        _watch = watch;
        _host = host;
        _buffers = buffers;
        _options = options;
    }

    /// <summary>The disk, as the backend described it last.</summary>
    public DiskProperties Disk { get; private set; } = null!;

    /// <summary>What was agreed at the last connect.</summary>
    public AgreedFeatures Features { get; private set; } = null!;

    /// <summary>Connections so far.</summary>
    public int Connections { get; private set; }

    /// <summary>Pages that backends held on to.</summary>
    public long PagesKept { get; private set; }

    /// <summary>Completes when the device is gone for good, with the reason.</summary>
    public Task<string> Disconnected => _disconnected.Task;

    /// <summary>Begins with a connection that was just made.</summary>
    public void Start(DeviceConnection connection, DiskProperties disk)
    {
        Use(connection, disk);
        _loop = Task.Run(() => RunAsync(connection));
    }

    /// <summary>Closes in order.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_loop is null) return;
        Task loop = _loop;
        await _dispose.CancelAsync();
        await loop;
        _loop = null;
        _dispose.Dispose();
    }

    private void Use(DeviceConnection connection, DiskProperties disk)
    {
        Disk = disk;
        Features = connection.Features;
        Connections++;
        if (FrontendEvents.Log.IsEnabled())
            FrontendEvents.Log.Connected(_directory.Name, Connections, string.Join("; ", Features.Decisions));
        _buffers.Attach(connection.GrantsStay);
        _host.Attach(connection);
    }

    private async Task RunAsync(DeviceConnection first)
    {
        string reason = "it failed inside"; // if an assertion of ours ends the loop; disposing then shows it
        try
        {
            reason = await RunConnectionsAsync(first);
        }
        finally
        {
            await _watch.DisposeAsync();
            _disconnected.TrySetResult(reason);
            EndSuspension(_suspension, new XenBlockException(XenBlockErrorKind.PeerGone, reason));
        }
    }

    private async Task<string> RunConnectionsAsync(DeviceConnection first)
    {
        DeviceConnection? connection = first;
        string reason = string.Empty;
        while (connection is not null)
        {
            ConnectionEnd end = await FollowAsync(connection);
            reason = end.Reason;
            FrontendEvents.Log.Lost(_directory.Name, reason);
            Suspension? suspension = end.IsSuspension ? _suspension : null;
            bool comesBack = (_options.Reconnect || suspension is not null) && !end.IsFinal;
            await _host.DetachAsync(end, keepWaiting: comesBack);
            PagesKept += await _handshake.CloseAsync(connection, _watch, end.IsPeerAlive, RevokeRest);
            connection = null;
            if (!comesBack) break;
            try
            {
                if (suspension is not null) await StaySuspendedAsync(suspension);
                (connection, DiskProperties disk) = await ConnectAgainAsync();
                if (disk.SectorSizeBytes != Disk.SectorSizeBytes) throw AnotherDisk(disk);
                Use(connection, disk);
                EndSuspension(suspension, failure: null);
            }
            catch (Exception e) when (e is XenBlockException or OperationCanceledException)
            {
                reason = e is OperationCanceledException ? Closed().Reason : e.Message;
                XenBlockErrorKind kind = e is XenBlockException x ? x.Kind : XenBlockErrorKind.PeerGone;
                await _host.DetachAsync(new ConnectionEnd(kind, reason, IsPeerAlive: false, IsFinal: true), false);
                EndSuspension(suspension, new XenBlockException(kind, reason));
                if (connection is null) continue;
                // It stood, but the domain has no grants for the buffers that are rented: nobody would follow it.
                PagesKept += await _handshake.CloseAsync(connection, _watch, isPeerAlive: true, RevokeRest);
                connection = null;
            }
        }

        return reason;
    }

    private async Task<(DeviceConnection Connection, DiskProperties Disk)> ConnectAgainAsync()
    {
        while (true)
        {
            if (await _directory.HasMovedAsync(_dispose.Token))
            {
                throw new XenBlockException(
                    XenBlockErrorKind.NotFound,
                    $"{_directory.Name} has been given to another backend than {_directory.BackendPath}; connect anew");
            }

            try
            {
                return await _handshake.ConnectAsync(_watch, isReconnect: true, _dispose.Token);
            }
            catch (XenBlockException e) when (e.Kind != XenBlockErrorKind.MachineGone)
            {
                // The backend began and went away again, or made no sense: there may be a better one. Not for a disk
                // that was taken away, and not for a store that is gone, which throws here.
                if (!await _directory.ExistsAsync(_dispose.Token)) throw;
                await Task.Delay(_retryPause, _hypervisor.Time, _dispose.Token);
            }
        }
    }

    private void RevokeRest()
    {
        // In this order: a buffer that was under way is used again only when it is known whether it could be revoked.
        _buffers.Detach();
        _host.RevokeAbandoned();
    }

    /// <summary>Follows a connection to its end.</summary>
    private async Task<ConnectionEnd> FollowAsync(DeviceConnection connection)
    {
        var disposed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = _dispose.Token.Register(() => disposed.TrySetResult());
        while (true)
        {
            try
            {
                Task suspended = _suspensionAsked.Task;
                Task done = await Task.WhenAny(
                    disposed.Task, connection.Broken, _hypervisor.Store.Disconnected, suspended, _watch.Next);
                if (done == disposed.Task) return Closed();
                if (connection.Broken.IsCompleted) return await DescribeBrokenAsync(await connection.Broken);
                if (_hypervisor.Store.Disconnected.IsCompleted)
                    return MachineGone(await _hypervisor.Store.Disconnected);
                if (suspended.IsCompleted) return await SuspendedAsync();
                await _watch.WaitAsync(CancellationToken.None);
                if (await LookAsync() is { } end) return end;
            }
            catch (XenBlockException e)
            {
                return MachineGone(e.Message);
            }
        }
    }

    /// <summary>The backend's state was written: the end of the connection, or null.</summary>
    private async Task<ConnectionEnd?> LookAsync()
    {
        XenbusState state = await _directory.ReadBackendStateAsync(CancellationToken.None);
        switch (state)
        {
            case XenbusState.Connected:
                return await LookAtDiskAsync();
            case XenbusState.Closing:
                await DrainAsync(_drainTimeout);
                return new ConnectionEnd(
                    XenBlockErrorKind.PeerGone, await DescribeCloseAsync(), IsPeerAlive: true, IsFinal: false);
            case XenbusState.Closed:
                return new ConnectionEnd(
                    XenBlockErrorKind.PeerGone, await DescribeCloseAsync(), IsPeerAlive: true, IsFinal: false);
            case XenbusState.Unknown:
                bool isThere = await _directory.ExistsAsync(CancellationToken.None);
                return new ConnectionEnd(
                    XenBlockErrorKind.PeerGone,
                    Went(isThere ? "its directory in XenStore is gone" : "the disk was taken away"),
                    IsPeerAlive: false,
                    IsFinal: !isThere);
            default:
                return new ConnectionEnd(
                    XenBlockErrorKind.PeerGone, Went("another one has begun"), IsPeerAlive: false, IsFinal: false);
        }
    }

    private async Task<ConnectionEnd?> LookAtDiskAsync()
    {
        IReadOnlyDictionary<string, string> keys = await _directory.ReadBackendKeysAsync(CancellationToken.None);
        if (!DiskProperties.TryFromKeys(
                keys, out DiskProperties? disk, out string? problem, _options.SectorUnits))
        {
            return new ConnectionEnd(
                XenBlockErrorKind.PeerViolation,
                $"{_directory.Name} cannot be used any more: {problem}",
                IsPeerAlive: true,
                IsFinal: false);
        }

        if (disk.SectorSizeBytes != Disk.SectorSizeBytes)
        {
            return new ConnectionEnd(
                XenBlockErrorKind.PeerViolation, AnotherDisk(disk).Message, IsPeerAlive: true, IsFinal: false);
        }

        Disk = disk; // a resize, or nothing new
        return null;
    }

    private XenBlockException AnotherDisk(DiskProperties disk) => new(
        XenBlockErrorKind.PeerViolation,
        $"the backend of {_directory.Name} changed the sector size from {Disk.SectorSizeBytes} to "
            + $"{disk.SectorSizeBytes} under a disk in use");

    /// <summary>The data path found the connection broken: looks why, for the sentence.</summary>
    private async Task<ConnectionEnd> DescribeBrokenAsync(string fault)
    {
        if (fault.Length > 0)
        {
            return new ConnectionEnd(
                XenBlockErrorKind.PeerViolation,
                $"the backend of {_directory.Name} broke the protocol: {fault}",
                IsPeerAlive: true,
                IsFinal: false);
        }

        // It closed its end of the channel: in order, or because it died.
        XenbusState state = await _directory.ReadBackendStateAsync(CancellationToken.None);
        string reason = state is XenbusState.Closing or XenbusState.Closed
            ? await DescribeCloseAsync()
            : Went("its end of the event channel is closed");
        return new ConnectionEnd(XenBlockErrorKind.PeerGone, reason, IsPeerAlive: false, IsFinal: false);
    }

    private async Task<string> DescribeCloseAsync()
    {
        string? error = await _directory.ReadBackendErrorAsync(CancellationToken.None);
        return error is null
            ? $"the backend closed {_directory.Name}"
            : $"the backend closed {_directory.Name}: {error}";
    }

    private string Went(string how) =>
        $"the backend of {_directory.Name} went away while {_host.InFlight} requests were under way ({how}); "
            + "what was flushed is safe";

    private ConnectionEnd Closed() => new(
        XenBlockErrorKind.PeerGone, $"{_directory.Name} was closed on this side", IsPeerAlive: true, IsFinal: true);

    private ConnectionEnd MachineGone(string why) => new(
        XenBlockErrorKind.MachineGone,
        $"the machine went away while {_host.InFlight} requests of {_directory.Name} were under way ({why}); "
            + "what was flushed is safe",
        IsPeerAlive: false,
        IsFinal: true);

    private async Task DrainAsync(TimeSpan timeout)
    {
        _host.Pause();
        long start = _hypervisor.Time.GetTimestamp();
        while (_host.InFlight > 0 && _hypervisor.Time.GetElapsedTime(start) < timeout)
            await Task.Delay(_drainStep, _hypervisor.Time);
    }
}
