using System.Globalization;
using System.Threading.Channels;
using XenBlock.Hypervisor;
using XenBlock.Profiling;
using XenBlock.SharedMemory;

namespace XenBlock.Tracing;

/// <summary>
/// A trace of this process that another domain may follow while it runs: the recorders' pages are granted to it
/// read-only, their references are in XenStore, and it switches the trace on and off by a key there. Off until then,
/// and again when the tracer has gone, in order or not. Give <see cref="Session"/> to devices and disks, and dispose
/// this after them: their pumps write into its pages.
/// </summary>
/// <remarks>
/// Whatever XenStore does, disks go on: what could not be published cannot be traced, and <see cref="Problem"/> says
/// so.
/// </remarks>
public sealed class SharedTrace : ITraceMemory, IAsyncDisposable
{
    private readonly Lock _gate = new(); // of the recorders; taken inside of the session's own
    private readonly Lock _wishes = new();
    private readonly IHypervisor _hypervisor;
    private readonly SharedTraceOptions _options;
    private readonly string _path;
    private readonly List<SharedRecorder> _recorders = [];
    private readonly Channel<SharedRecorder> _unpublished = Channel.CreateUnbounded<SharedRecorder>();
    private readonly CancellationTokenSource _ending = new();
    private IXenStoreWatch? _watch;
    private Task _running = Task.CompletedTask;
    private string? _lastWish;
    private long _lastWishAt;
    private bool _isWished;

    private SharedTrace(IHypervisor hypervisor, SharedTraceOptions options)
    {
        _hypervisor = hypervisor;
        _options = options;
        Session = new TraceSession(hypervisor.Time, options.PagesPerRecorder, this, watchesProcess: true);
        string name = new Guid(Session.Uuid, bigEndian: true).ToString("D");
        _path = $"{TraceKeys.Root(hypervisor.DomainId)}/{name}";
    }

    /// <summary>What devices and disks write into.</summary>
    public TraceSession Session { get; }

    /// <summary>What went wrong last, in words; null if nothing did.</summary>
    public string? Problem { get; private set; }

    /// <summary>Makes the trace's directory in XenStore, and from then on does what the tracer wishes.</summary>
    /// <param name="hypervisor">The machine, as the domain that is traced.</param>
    /// <param name="options">Who may trace, and with how much memory.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="XenBlockException">XenStore refuses.</exception>
    public static async Task<SharedTrace> OpenAsync(
        IHypervisor hypervisor, SharedTraceOptions options, CancellationToken cancellationToken = default)
    {
        if (options.PagesPerRecorder is < 2 or > TraceKeys.PagesMax - 1)
        {
            throw new XenBlockException(
                XenBlockErrorKind.InvalidArgument,
                $"{options.PagesPerRecorder} pages a recorder: take 2 to {TraceKeys.PagesMax - 1}");
        }

        var trace = new SharedTrace(hypervisor, options);
        await OwnProcess.SweepAsync(hypervisor, cancellationToken);
        await trace.PublishAsync(cancellationToken);
        trace._watch =
            await hypervisor.Store.WatchAsync($"{trace._path}/{TraceKeys.LevelKey}", cancellationToken);
        trace._running = Task.WhenAll(
            Task.Run(trace.FollowWishesAsync, CancellationToken.None),
            Task.Run(trace.EndLeasesAsync, CancellationToken.None),
            Task.Run(trace.PublishRecordersAsync, CancellationToken.None));
        return trace;
    }

    /// <inheritdoc/>
    bool ITraceMemory.TryTake(RecordedTrace stream, out SharedPages pages)
    {
        pages = default;
        if (stream.Number >= TraceKeys.RecordersMax) return false;
        SharedRecorder? recorder =
            SharedRecorder.Take(_hypervisor.Grants, _options.Tracer, stream, _options.PagesPerRecorder);
        if (recorder is null)
        {
            Problem = $"{stream.Name} cannot be traced from outside: the machine has no pages left to grant";
            return false;
        }

        lock (_gate) _recorders.Add(recorder);
        _unpublished.Writer.TryWrite(recorder);
        pages = recorder.Pages.Pages;
        return true;
    }

    /// <inheritdoc/>
    void ITraceMemory.Changed(RecordedTrace stream)
    {
        SharedRecorder? recorder;
        lock (_gate) recorder = _recorders.Find(one => ReferenceEquals(one.Stream, stream));
        if (recorder is not null) _unpublished.Writer.TryWrite(recorder);
    }

    /// <summary>Ends it: nothing is recorded any more, and the nodes and pages go.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_ending.IsCancellationRequested) return;
        await _ending.CancelAsync();
        Session.Level = TraceLevel.Off;
        await _running;
        try
        {
            if (_watch is not null) await _watch.DisposeAsync();
            await _hypervisor.Store.RemoveAsync(_path);
        }
        catch (XenBlockException exception)
        {
            Problem = exception.Message; // a XenStore that is gone has no nodes to remove
        }

        foreach (SharedRecorder recorder in _recorders) recorder.Release(_hypervisor.Grants);
        _ending.Dispose();
    }

    private Task PublishAsync(CancellationToken cancellationToken)
    {
        string root = TraceKeys.Root(_hypervisor.DomainId);
        string own = $"n{_hypervisor.DomainId.Value.ToString(CultureInfo.InvariantCulture)}";
        string tracer = _options.Tracer.Value.ToString(CultureInfo.InvariantCulture);
        string clock = HostClock.Name();
        string process = OwnProcess.Name();
        return _hypervisor.Store.TransactAsync(
            async store =>
            {
                await store.MakeDirectoryAsync(root, cancellationToken);
                await AllowAsync(root, 'r');
                await store.MakeDirectoryAsync(_path, cancellationToken);
                await AllowAsync(_path, 'r');
                await WriteAsync(TraceKeys.VersionKey, TraceKeys.Version, 'r');
                await WriteAsync(TraceKeys.ClockKey, clock, 'r');
                await WriteAsync(TraceKeys.ProcessKey, process, 'r');
                await WriteAsync(TraceKeys.LevelKey, TraceKeys.LevelOff, 'b');
                await WriteAsync(TraceKeys.RecordersKey, "", 'r');

                async Task WriteAsync(string key, string value, char right)
                {
                    await store.WriteAsync($"{_path}/{key}", value, cancellationToken);
                    await AllowAsync($"{_path}/{key}", right);
                }

                Task AllowAsync(string path, char right) =>
                    store.SetPermissionsAsync(path, [own, $"{right}{tracer}"], cancellationToken);
            },
            cancellationToken);
    }

    private async Task PublishRecordersAsync()
    {
        try
        {
            await foreach (SharedRecorder recorder in _unpublished.Reader.ReadAllAsync(_ending.Token))
            {
                try
                {
                    await PublishAsync(recorder);
                }
                catch (XenBlockException exception)
                {
                    Problem = exception.Message;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It has ended.
        }
    }

    private Task PublishAsync(SharedRecorder recorder)
    {
        RecordedTrace stream = recorder.Stream;
        string path =
            $"{_path}/{TraceKeys.RecordersKey}/{stream.Number.ToString(CultureInfo.InvariantCulture)}";
        string own = $"n{_hypervisor.DomainId.Value.ToString(CultureInfo.InvariantCulture)}";
        string reader = $"r{_options.Tracer.Value.ToString(CultureInfo.InvariantCulture)}";
        return _hypervisor.Store.TransactAsync(async store =>
        {
            await store.WriteAsync(path, "");
            await store.SetPermissionsAsync(path, [own, reader]);
            foreach ((string key, string value) in Keys())
            {
                await store.WriteAsync($"{path}/{key}", value);
                await store.SetPermissionsAsync($"{path}/{key}", [own, reader]);
            }
        });

        (string Key, string Value)[] Keys() =>
        [
            (TraceKeys.SideKey, TraceKeys.WordOf(stream.Side)),
            (TraceKeys.DiskKey, stream.Disk),
            (TraceKeys.QueueKey, stream.Queue.ToString(CultureInfo.InvariantCulture)),
            (TraceKeys.ReferencesKey, TraceKeys.Format(recorder.References)),
            (TraceKeys.KnobsKey, KnobWords.Format(stream.Knobs)),
            (TraceKeys.SpinKey, KnobWords.FormatSpin(stream.SpinUs)),
        ];
    }

    private async Task FollowWishesAsync()
    {
        try
        {
            while (!_ending.IsCancellationRequested)
            {
                await _watch!.NextAsync(_ending.Token);
                Obey(await _hypervisor.Store.ReadAsync($"{_path}/{TraceKeys.LevelKey}", _ending.Token));
            }
        }
        catch (OperationCanceledException)
        {
            // It has ended.
        }
        catch (XenBlockException exception)
        {
            Problem = exception.Message; // XenStore is gone; the lease ends what was on
        }
    }

    private void Obey(string? wish)
    {
        lock (_wishes)
        {
            // What stands there from a tracer that is gone is no wish.
            if (string.Equals(wish, _lastWish, StringComparison.Ordinal) || _ending.IsCancellationRequested) return;
            bool isFirst = _lastWish is null;
            _lastWish = wish;
            if (isFirst) return; // what we wrote ourselves, told when the watch was set
            _lastWishAt = _hypervisor.Time.GetTimestamp();
            _isWished = wish is not null
                && $"{wish} ".StartsWith($"{TraceKeys.LevelPhases} ", StringComparison.Ordinal);
            Session.Level = _isWished ? TraceLevel.Phases : TraceLevel.Off;
        }
    }

    // A tracer that was killed renews nothing. Nobody may trace a process for ever without being there.
    private async Task EndLeasesAsync()
    {
        using var timer = new PeriodicTimer(_options.Lease / 5, _hypervisor.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_ending.Token))
            {
                lock (_wishes)
                {
                    if (!_isWished || _hypervisor.Time.GetElapsedTime(_lastWishAt) <= _options.Lease) continue;
                    _isWished = false;
                    Session.Level = TraceLevel.Off;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It has ended.
        }
    }
}
