using System.Globalization;
using XenBlock.Hypervisor;
using XenBlock.Profiling;
using XenBlock.Protocol;

namespace XenBlock.Tracing;

/// <summary>
/// Traces a disk from outside: finds what the processes of its two domains publish, maps their recorders' pages
/// read-only, switches them on, and reads. What it has mapped it can read also after such a process has died. Nothing
/// that the traced domains write is trusted: it is checked once, and has bounds. For one caller at a time.
/// </summary>
public sealed class TraceFollower : IAsyncDisposable
{
    private readonly IHypervisor _hypervisor;
    private readonly TraceSubject _subject;
    private readonly List<TracedRecorder> _recorders = [];
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly HashSet<string> _levels = new(StringComparer.Ordinal);
    private readonly List<string> _problems = [];
    private ulong _wishes;
    private bool _isLate;

    /// <summary>A tracer that follows nothing yet: a look makes it.</summary>
    /// <param name="hypervisor">The machine, as the domain that may trace.</param>
    /// <param name="subject">Which disk.</param>
    public TraceFollower(IHypervisor hypervisor, TraceSubject subject)
    {
        _hypervisor = hypervisor;
        _subject = subject;
        Uuid = Guid.NewGuid().ToByteArray(bigEndian: true);
    }

    /// <summary>Names the trace, 16 bytes.</summary>
    public byte[] Uuid { get; }

    /// <summary>How many recorders are followed.</summary>
    public int RecorderCount => _recorders.Count;

    /// <summary>Bytes of packets so far.</summary>
    public long KeptBytes { get; private set; }

    /// <summary>Records that made no sense: no recorder of ours wrote them.</summary>
    public ulong Refused => _recorders.Aggregate(0UL, (sum, recorder) => unchecked(sum + recorder.Refused));

    /// <summary>What could not be followed, and why; 32 sentences at most.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>The ends that are followed, in words: "frontend (dom1), backend (dom0)".</summary>
    public string Ends => string.Join(", ", _recorders
        .Select(recorder => $"{TraceKeys.WordOf(recorder.Stream.Side)} ({recorder.Domain})")
        .Distinct(StringComparer.Ordinal));

    /// <summary>
    /// Looks for recorders that are new; those of a later look, as after a reconnect, are followed whole.
    /// </summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="XenBlockException">XenStore is gone.</exception>
    public async Task LookAsync(CancellationToken cancellationToken = default)
    {
        await LookInAsync(_subject.Frontend, TraceSide.Frontend, cancellationToken);
        if (_subject.Backend is { } backend) await LookInAsync(backend, TraceSide.Backend, cancellationToken);
        _isLate = true;
    }

    /// <summary>
    /// Switches the recorders on, or keeps them on: a traced process wants to hear this every few seconds. No two
    /// wishes are alike, so that one that a dead tracer left behind is told from a new one.
    /// </summary>
    /// <param name="cancellationToken">Gives up.</param>
    public Task WishAsync(CancellationToken cancellationToken = default) => WriteAsync(
        string.Create(
            CultureInfo.InvariantCulture, $"{TraceKeys.LevelPhases} {Convert.ToHexString(Uuid)}-{++_wishes}"),
        cancellationToken);

    /// <summary>Switches them off.</summary>
    public Task EndWishAsync() => WriteAsync(TraceKeys.LevelOff, CancellationToken.None);

    /// <summary>Takes what was recorded since the last time.</summary>
    /// <param name="wholeOnly">True to leave packets that are not full to a later call: they take a page each.</param>
    public void Collect(bool wholeOnly = false)
    {
        foreach (TracedRecorder recorder in _recorders)
            KeptBytes += recorder.Collect(wholeOnly) * (long)TracePacket.SizeBytes;
    }

    /// <summary>All that was collected, with the ends' clocks brought together if that can be.</summary>
    public FollowedTrace Join() => FollowedTrace.Of(_recorders);

    /// <summary>
    /// Forgets what had been collected when this was called last: for who looks at one interval after another, and
    /// wants the requests whole that began in the one before.
    /// </summary>
    public void ForgetOld()
    {
        foreach (TracedRecorder recorder in _recorders) recorder.ForgetOld();
    }

    /// <summary>Lets go of all pages.</summary>
    public ValueTask DisposeAsync()
    {
        if (_recorders.Count != 0) _hypervisor.Mapper.Unmap([.. _recorders.Select(recorder => recorder.Mapping)]);
        _recorders.Clear();
        return ValueTask.CompletedTask;
    }

    private async Task LookInAsync(DomainId domain, TraceSide side, CancellationToken cancellationToken)
    {
        string root = TraceKeys.Root(domain);
        IReadOnlyList<string>? processes = await TryAsync(
            root, store => store.ListAsync(root, cancellationToken));
        foreach (string process in (processes ?? []).Take(TraceKeys.ProcessesMax))
        {
            // The names are a peer's, too: ours are uuids, and nothing else becomes part of a path.
            if (!Guid.TryParseExact(process, "D", out _)) continue;
            await LookAtAsync($"{root}/{process}", domain, side, cancellationToken);
        }
    }

    private async Task LookAtAsync(
        string path, DomainId domain, TraceSide side, CancellationToken cancellationToken)
    {
        if (await ReadAsync($"{path}/{TraceKeys.VersionKey}") is not TraceKeys.Version) return;
        string? clock = TraceKeys.ParseClock(await ReadAsync($"{path}/{TraceKeys.ClockKey}"));
        IReadOnlyList<string>? names = await TryAsync(
            path, store => store.ListAsync($"{path}/{TraceKeys.RecordersKey}", cancellationToken));
        if (clock is null || names is null) return;
        foreach (string name in names.Take(TraceKeys.RecordersMax))
        {
            if (!byte.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _)) continue;
            string recorder = $"{path}/{TraceKeys.RecordersKey}/{name}";
            if (_seen.Contains(recorder) || _recorders.Count >= 2 * TraceKeys.RecordersMax) continue;
            if (await ReadAsync($"{recorder}/{TraceKeys.SideKey}") != TraceKeys.WordOf(side)
                || await ReadAsync($"{recorder}/{TraceKeys.DiskKey}") != _subject.Disk
                || !byte.TryParse(
                    await ReadAsync($"{recorder}/{TraceKeys.QueueKey}"),
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out byte queue))
            {
                continue;
            }

            string? references = await ReadAsync($"{recorder}/{TraceKeys.ReferencesKey}");
            DiskKnobs? knobs = KnobWords.Parse(await ReadAsync($"{recorder}/{TraceKeys.KnobsKey}"));
            int? spinUs = KnobWords.ParseSpin(await ReadAsync($"{recorder}/{TraceKeys.SpinKey}"));
            _seen.Add(recorder);
            if (TraceKeys.ParseReferences(references) is { } parsed)
                Follow(domain, clock, parsed, recorder, Stream(side, queue, knobs, spinUs));
            else
                Say($"{recorder}/{TraceKeys.ReferencesKey} holds no references that can be mapped");
            _levels.Add($"{path}/{TraceKeys.LevelKey}");
        }

        Task<string?> ReadAsync(string key) => TryAsync(key, store => store.ReadAsync(key, cancellationToken));
    }

    private RecordedTrace Stream(TraceSide side, int queue, DiskKnobs? knobs, int? spinUs) => new(
        _recorders.Count, $"{_subject.Disk} {TraceKeys.WordOf(side)} {queue}", side, _subject.Disk, queue)
    {
        Knobs = knobs,
        SpinUs = spinUs,
    };

    private void Follow(
        DomainId domain,
        string clock,
        GrantReference[] references,
        string path,
        RecordedTrace stream)
    {
        if (references.Length > _hypervisor.Mapper.PagesPerMapMax)
        {
            Say($"{path} has more pages than can be mapped at once");
            return;
        }

        GrantStatus status = _hypervisor.Mapper.Map(
            domain, references, GrantAccess.ReadOnly, new GrantStatus[references.Length], out GrantMapping mapping);
        if (status != GrantStatus.Okay)
        {
            Say($"{path} is there, but {domain} lets us map none of it ({status}): its process is dead, "
                + "or it lets another domain trace");
            return;
        }

        bool fromNow = !_subject.TakesHistory && !_isLate;
        var reader = new TraceReader(mapping.Pages, Uuid, stream.Number, fromNow, isForeign: true);
        _recorders.Add(new TracedRecorder(domain, clock, mapping, reader, stream));
    }

    private async Task WriteAsync(string level, CancellationToken cancellationToken)
    {
        foreach (string path in _levels)
        {
            await TryAsync<object>(path, async store =>
            {
                // A process that has ended in order has no node any more, and must not get one.
                if (await store.ReadAsync(path, cancellationToken) is not null)
                    await store.WriteAsync(path, level, cancellationToken);
                return null;
            });
        }
    }

    // What one process does to its nodes is no reason not to follow the others.
    private async Task<T?> TryAsync<T>(string path, Func<IXenStoreAccess, Task<T?>> step)
        where T : class
    {
        try
        {
            return await step(_hypervisor.Store);
        }
        catch (XenBlockException exception) when (exception.Kind is not XenBlockErrorKind.MachineGone
            && !_hypervisor.Store.Disconnected.IsCompleted)
        {
            Say(exception.Kind == XenBlockErrorKind.PermissionDenied
                ? $"{path} is not there, or lets another domain trace"
                : exception.Message);
            return null;
        }
    }

    private void Say(string problem)
    {
        if (_problems.Count < 32 && !_problems.Contains(problem, StringComparer.Ordinal)) _problems.Add(problem);
    }
}
