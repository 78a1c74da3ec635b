using System.Threading.Channels;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Storage;

namespace XenBlock.Backend;

/// <summary>
/// One disk and its place in XenStore: the backend's half of the xenbus handshake, over and over for as long as it is
/// served. Every event, whatever it was, leads to the same step: look at both ends' states as they are now, and do what
/// they ask for. So an event that comes twice, late or merged with others changes nothing.
/// </summary>
public sealed partial class ServedDisk : IAsyncDisposable
{
    private readonly IHypervisor _hypervisor;
    private readonly IBlockStore _store;
    private readonly ServedDiskOptions _options;
    private readonly PersistentBudget _persistentBudget;
    private readonly DiskCounters _counters;
    private readonly StoreFailures _failures;
    private readonly CancellationTokenSource _ending = new();
    private readonly Channel<bool> _kicks = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly TaskCompletionSource<string> _completion =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly VbdDirectory _directory;
    private readonly string _name;
    private readonly List<Task> _watchers = [];
    private readonly List<IXenStoreWatch> _watches = [];
    private Task? _loop;
    private DiskConnection? _connection;
    private FrontendAnswer? _deadAnswer; // of the connection that ended because its peer was gone
    private BackendOffer _offer = new();
    private bool _isReadOnly;
    private bool _isResized;
    private volatile bool _isStopping;
    private volatile bool _isForced;
    private volatile XenbusState _state = XenbusState.Initialising;
    private volatile AgreedFeatures? _agreed;
    private volatile string? _lastError;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal ServedDisk(
        IHypervisor hypervisor,
        DomainId frontend,
        VbdNumber vdev,
        IBlockStore store,
        ServedDiskOptions options,
        PersistentBudget persistentBudget)
    {
        _hypervisor = hypervisor;
        Frontend = frontend;
        Vdev = vdev;
        _store = store;
        _options = options;
        _persistentBudget = persistentBudget;
        _counters = new DiskCounters(QueuesMax);
        _failures = new StoreFailures(TellOfChange);
        _name = VbdName.Format(vdev);
        _directory = new VbdDirectory(hypervisor, frontend, vdev);
    }

    /// <summary>The domain it is served to.</summary>
    public DomainId Frontend { get; }

    /// <summary>Its number there.</summary>
    public VbdNumber Vdev { get; }

    /// <summary>The state that we have published.</summary>
    public XenbusState State => _state;

    /// <summary>What we offer.</summary>
    public BackendOffer Offer => _offer;

    /// <summary>What was agreed with the frontend that is, or was last, connected; null before the first.</summary>
    public AgreedFeatures? Agreed => _agreed;

    /// <summary>The last thing that went wrong between us and the frontend, in words; null if nothing did.</summary>
    public string? LastError => _lastError;

    /// <summary>
    /// The first request of each kind that the store failed, oldest first; a kind is an operation with an errno.
    /// </summary>
    public IReadOnlyList<StoreFailure> StoreFailures => _failures.Firsts;

    /// <summary>
    /// Completes at the next change of <see cref="State"/>, <see cref="LastError"/> or <see cref="StoreFailures"/>. To
    /// miss none, take it before looking at them.
    /// </summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    /// <summary>What was done so far; safe at any time, also while the connection is being torn down (S19).</summary>
    public ServedDiskStatistics Statistics => ServedDiskStatistics.From(_counters);

    /// <summary>
    /// With <see cref="PayloadAccess.Auto"/>: what mapping and copying have cost so far, by the size of requests, and
    /// the choice that follows; sizes that did not occur, or whose pages were all kept mapped, are left out.
    /// </summary>
    public IReadOnlyList<AccessCost> AccessCosts =>
        Backend.AccessCosts.Merge([.. _counters.Queues.Select(queue => queue.AccessCosts)]);

    /// <summary>Completes when it is not served any more, with the reason; never faults.</summary>
    public Task<string> Completion => _completion.Task;

    /// <summary>
    /// True once it has ended because it was told to, or the disk was taken away; false if something failed.
    /// </summary>
    public bool EndedInOrder { get; private set; }

    /// <summary>
    /// Stops serving. Orderly: asks the frontend to close first, serves it until it does or
    /// <see cref="ServedDiskOptions.CloseTimeout"/> has passed. Returns when nothing of the frontend's memory is held.
    /// </summary>
    /// <param name="orderly">False to disconnect at once.</param>
    public async Task StopAsync(bool orderly = true)
    {
        if (!orderly) _isForced = true;
        _isStopping = true;
        Kick();
        if (_loop is null)
        {
            await EndAsync("stopped before it began");
            return;
        }

        if (orderly)
        {
            await Task.WhenAny(_completion.Task, Task.Delay(_options.CloseTimeout, _hypervisor.Time));
            _isForced = true;
            Kick();
        }

        await _completion.Task;
    }

    /// <summary>
    /// Tells the frontend that the store has changed its size: rewrites the size and our unchanged state in one
    /// transaction, which makes a connected frontend look again.
    /// </summary>
    public void NoticeResize()
    {
        _isResized = true;
        Kick();
    }

    /// <summary>Stops serving, in order.</summary>
    public async ValueTask DisposeAsync() => await StopAsync(orderly: true);

    /// <summary>Publishes the offer and begins to look after the vbd.</summary>
    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        await _directory.LoadAsync(cancellationToken);
        StoreGeometry geometry = _store.Geometry;
        _isReadOnly = geometry.IsReadOnly || _options.ReadOnly || !_directory.AllowsWriting;
        _offer = MakeOffer(geometry);

        // Watches first, so that nothing that happens from here on is missed.
        foreach (string path in _directory.WatchedPaths) await WatchAsync(path, cancellationToken);
        try
        {
            await WatchAsync("@releaseDomain", cancellationToken);
        }
        catch (XenBlockException)
        {
            // Only privileged domains may; the channel's state tells of a dead frontend too, a little later.
        }

        await PublishReadyAsync();
        BackendMetrics.Disks.Add(this);
        if (_options.Access == PayloadAccess.Auto) _watchers.Add(PublishReasonsAsync()); // the others' never change
        _loop = Task.Run(RunAsync, CancellationToken.None);
    }

    private void Kick() => _kicks.Writer.TryWrite(true);

    private async Task WatchAsync(string path, CancellationToken cancellationToken)
    {
        IXenStoreWatch watch = await _hypervisor.Store.WatchAsync(path, cancellationToken);
        _watches.Add(watch);
        _watchers.Add(FollowAsync(watch));
    }

    private async Task FollowAsync(IXenStoreWatch watch)
    {
        try
        {
            while (true)
            {
                await watch.NextAsync(_ending.Token);
                Kick();
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or XenBlockException)
        {
            Kick(); // the loop finds out what it means
        }
    }

    private async Task RunAsync()
    {
        string reason;
        _ = KickWhenStoreIsLostAsync();
        try
        {
            string? end = null;
            while (end is null)
            {
                end = await TryStepAsync();
                if (end is null) await _kicks.Reader.ReadAsync();
            }

            reason = end;
        }
        catch (Exception exception)
        {
            reason = $"serving {Vdev} failed: {exception.GetType().Name}: {exception.Message}";
        }

        await EndAsync(reason);
    }

    private async Task KickWhenStoreIsLostAsync()
    {
        await Task.WhenAny(_hypervisor.Store.Disconnected, _completion.Task);
        Kick();
    }

    private async Task<string?> TryStepAsync()
    {
        if (_hypervisor.Store.Disconnected.IsCompleted)
            return $"XenStore is gone: {await _hypervisor.Store.Disconnected}";
        try
        {
            string? end = await StepAsync();
            EndedInOrder = end is not null;
            return end;
        }
        catch (XenBlockException exception)
        {
            _lastError = exception.Message;
            TellOfChange();
            if (exception.Kind == XenBlockErrorKind.MachineGone) return exception.Message;

            // Told to stop, we stop, whatever XenStore says; else the next event may find it better.
            return _isStopping ? exception.Message : null;
        }
    }

    private async Task EndAsync(string reason)
    {
        try
        {
            await DisconnectAsync();
            await _ending.CancelAsync();
            await Task.WhenAll(_watchers);
            foreach (IXenStoreWatch watch in _watches) await watch.DisposeAsync();
        }
        catch (XenBlockException exception)
        {
            _lastError = exception.Message; // a connection that is lost has no watches to take away
            TellOfChange();
        }

        if (EndedInOrder && _options.InFlightPath is { } path) InFlightFile.Remove(path, QueuesMax);
        BackendMetrics.Disks.Remove(this);
        BackendEvents.Log.Ended(Frontend.Value, _name, reason);
        _completion.TrySetResult(reason);
    }
}
