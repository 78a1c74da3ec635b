using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>
/// What the rules for backends work with: connections as they wish for them, one at a time, and what is known of the
/// backend and its disk.
/// </summary>
internal sealed class BackendProbe : IAsyncDisposable
{
    private readonly Random _bytes = new(1);
    private BackendSession? _session;
    private DiskRegion? _region;
    private bool _isPrepared;

    public BackendProbe(IHypervisor hypervisor, ScriptedVbd vbd, CheckOptions options)
    {
        Hypervisor = hypervisor;
        Vbd = vbd;
        Options = options;
    }

    public IHypervisor Hypervisor { get; }

    public ScriptedVbd Vbd { get; }

    public CheckOptions Options { get; }

    /// <summary>What all responses are held against.</summary>
    public ResponseLedger Ledger { get; } = new();

    /// <summary>The backend's directory as it was when it first connected.</summary>
    public IReadOnlyDictionary<string, string> Keys { get; private set; } = new Dictionary<string, string>();

    /// <summary>What the backend offers, by <see cref="Keys"/>.</summary>
    public BackendOffer Offer { get; private set; } = new();

    /// <summary>The disk, by <see cref="Keys"/>.</summary>
    public DiskProperties Disk { get; private set; } = new() { SectorCount = 0 };

    /// <summary>Why <see cref="Keys"/> describe no disk; null if they do.</summary>
    public string? DiskProblem { get; private set; }

    /// <summary>Whether the disk refuses writes.</summary>
    public bool IsReadOnly =>
        Disk.Info.HasFlag(VbdInfo.ReadOnly) || Keys.GetValueOrDefault(VbdKeys.Mode) is "r";

    /// <summary>The part of the disk that rules work on.</summary>
    public DiskRegion Region => _region ?? throw new InvalidOperationException("no connection was made yet");

    /// <summary>The connection that stands.</summary>
    public BackendSession Session => _session ?? throw new InvalidOperationException("no connection stands");

    /// <summary>Why the region could not be prepared; null if it could.</summary>
    public string? PreparationProblem { get; private set; }

    /// <summary>Whether a revoke tells that the backend has let go: only where grants are the domain's own.</summary>
    public bool SeesMappings => Hypervisor.Grants.Lifetime == GrantLifetime.UntilRevoked;

    /// <summary>Units of 512 bytes in a sector of the disk.</summary>
    public int Unit => Disk.SectorSizeBytes / ProtocolConstants.SectorSizeBytes;

    /// <summary>Bytes that are never the same twice.</summary>
    public byte[] NewBytes(int count)
    {
        byte[] bytes = new byte[count];
        _bytes.NextBytes(bytes);
        return bytes;
    }

    /// <summary>The connection as wished for: that which stands, if it is so, else a new one.</summary>
    /// <exception cref="XenBlockException">The backend does not connect.</exception>
    public async Task<BackendSession> SessionAsync(ConnectionWish? wish = null)
    {
        wish ??= new ConnectionWish();
        if (_session is { } standing && standing.Wish == wish && standing.Outstanding == 0) return standing;
        return await FreshAsync(wish);
    }

    /// <summary>A new connection.</summary>
    /// <exception cref="XenBlockException">The backend does not connect.</exception>
    public async Task<BackendSession> FreshAsync(ConnectionWish? wish = null)
    {
        wish ??= new ConnectionWish();
        if (!_isPrepared && wish != new ConnectionWish()) await FreshAsync();
        await CloseAsync();
        await BeginAsync();
        BackendSession session = Allocate(wish);
        try
        {
            await Vbd.PublishAsync(
                wish.GoesStraightToConnected ? XenbusState.Connected : XenbusState.Initialised, KeysOf(session));
            XenbusState state = await Vbd.WaitForBackendAsync(
                XenbusState.Connected, XenbusState.Closing, XenbusState.Closed);
            if (state != XenbusState.Connected)
            {
                string? error = await Hypervisor.Store.ReadAsync($"{Vbd.BackendPath}/{VbdKeys.Error}");
                throw new XenBlockException(
                    XenBlockErrorKind.PeerGone,
                    $"the backend went to {state} instead of connecting" + (error is null ? "" : $": {error}"));
            }

            await LearnAsync();
            if (!wish.GoesStraightToConnected) await Vbd.PublishAsync(XenbusState.Connected);
        }
        catch
        {
            await AbandonAsync(session);
            throw;
        }

        _session = session;
        Prepare(session);
        return session;
    }

    /// <summary>Begins anew: state Initialising, nothing published, and the backend waits.</summary>
    public async Task BeginAsync()
    {
        await Vbd.BeginAsync();
        await Vbd.WaitForBackendAsync(XenbusState.InitWait, XenbusState.Initialised);
    }

    /// <summary>Rings and pages for a connection, of which the backend does not know yet.</summary>
    public BackendSession Allocate(ConnectionWish wish) => new(this, wish, new ScriptedFrontend(
        Hypervisor,
        Vbd.Backend,
        new ScriptedFrontendOptions
        {
            Abi = wish.Abi,
            QueueCount = wish.QueueCount,
            RingPageCount = 1 << wish.RingPageOrder,
            DataPageCount = wish.DataPageCount,
            DataAccess = wish.DataAccess,
            Persistent = wish.Persistent,
            Patience = Options.Patience,
        }));

    /// <summary>Closes the connection in order.</summary>
    /// <returns>The pages that the backend kept mapped; 0 if there was no connection.</returns>
    public async Task<int> CloseAsync()
    {
        if (_session is not { } session) return 0;
        _session = null;
        try
        {
            // A backend that does not answer must not keep the next rule from trying; that it answers is a rule.
            await TryAsync(async () =>
            {
                await Vbd.PublishAsync(XenbusState.Closing);
                await Vbd.WaitForBackendAsync(XenbusState.Closing, XenbusState.Closed);
            });
            await TryAsync(async () =>
            {
                await Vbd.PublishAsync(XenbusState.Closed);
                await Vbd.WaitForBackendAsync(XenbusState.Closed, XenbusState.InitWait);
            });
            return session.ReleaseAll();
        }
        finally
        {
            Ledger.Unanswered += session.Outstanding;
            session.Dispose();
        }
    }

    /// <summary>Forgets a connection that was never made, or that no order can end.</summary>
    public async Task AbandonAsync(BackendSession session)
    {
        if (_session == session) _session = null;
        await TryAsync(async () =>
        {
            await Vbd.PublishAsync(XenbusState.Closed);
            await Vbd.WaitForBackendAsync(XenbusState.Closed, XenbusState.InitWait);
        });
        session.Dispose();
    }

    /// <summary>Puts back what the check wrote over. Null, or why it could not.</summary>
    public async Task<string?> RestoreAsync()
    {
        if (_region?.Saved is not { } saved) return null;
        try
        {
            (await SessionAsync()).WriteFrom(_region.FirstSector, saved);
            saved.CopyTo(_region.Data, 0);
            _region.Saved = null;
            return null;
        }
        catch (XenBlockException exception)
        {
            return exception.Message;
        }
    }

    public async ValueTask DisposeAsync() => await CloseAsync();

    private static async Task TryAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (XenBlockException exception) when (exception.Kind == XenBlockErrorKind.TimedOut)
        {
            // The backend does not answer.
        }
    }

    private static Dictionary<string, string> KeysOf(BackendSession session)
    {
        Dictionary<string, string> keys = session.Frontend.Keys();
        if (session.Wish.UsesOldRingKeys) keys.Remove(VbdKeys.RingPageOrder);
        return keys;
    }

    private async Task LearnAsync()
    {
        if (_region is not null) return;
        Keys = await Vbd.BackendKeysAsync();
        Offer = BackendOffer.FromKeys(Keys);
        if (DiskProperties.TryFromKeys(Keys, out DiskProperties? disk, out string? problem)) Disk = disk;
        DiskProblem = problem;
        if (problem is null && Disk.SectorCount < ProtocolConstants.SectorsPerPage)
            DiskProblem = $"the disk has {Disk.SectorCount} sectors of 512 bytes, less than a page";
        if (DiskProblem is not null) throw new XenBlockException(XenBlockErrorKind.PeerViolation, DiskProblem);
        _region = new DiskRegion(Disk.SectorCount);
    }

    // Once a check: learn what the disk holds, and where it may be written give every sector bytes of its own.
    private void Prepare(BackendSession session)
    {
        if (_isPrepared || session.Wish != new ConnectionWish()) return;
        _isPrepared = true;
        try
        {
            session.ReadInto(Region.FirstSector, Region.Data);
            if (!Options.MayWrite || IsReadOnly) return;
            Region.Saved = [.. Region.Data];
            NewBytes(Region.Data.Length).CopyTo(Region.Data, 0);
            session.WriteFrom(Region.FirstSector, Region.Data);
        }
        catch (XenBlockException exception)
        {
            PreparationProblem = exception.Message;
        }
    }
}
