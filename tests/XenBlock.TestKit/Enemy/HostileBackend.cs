using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.TestKit.Enemy;

/// <summary>
/// A hostile backend: one life after another, each from the seed. It offers nonsense, answers wrongly, twice or never,
/// keeps pages, moves indices, and changes its keys, its state and the size of the disk under a connected frontend.
/// </summary>
public sealed class HostileBackend : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromMilliseconds(300);

    private readonly IHypervisor _hypervisor;
    private readonly DomainId _frontend;
    private readonly string _path;
    private readonly string _frontendPath;
    private readonly int _seed;
    private readonly List<GrantMapping> _kept = [];

    /// <summary>An enemy that has not begun.</summary>
    /// <param name="hypervisor">Its own domain.</param>
    /// <param name="frontend">Whom it attacks.</param>
    /// <param name="vbd">The disk.</param>
    /// <param name="seed">What it does follows from this; the two sides race, so not each step of it.</param>
    public HostileBackend(IHypervisor hypervisor, DomainId frontend, VbdNumber vbd, int seed)
    {
        _hypervisor = hypervisor;
        _frontend = frontend;
        _path = VbdPaths.Backend(hypervisor.DomainId, frontend, vbd);
        _frontendPath = VbdPaths.Frontend(frontend, vbd);
        _seed = seed;
    }

    /// <summary>Lives lived.</summary>
    public int Lives { get; private set; }

    /// <summary>Lives in which a frontend connected.</summary>
    public int Connections { get; private set; }

    /// <summary>Misdeeds on rings.</summary>
    public long Misdeeds { get; private set; }

    /// <summary>Lives until it is stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        for (int life = 0; !stop.IsCancellationRequested; life++)
        {
            var random = new Random(unchecked((_seed * 7919) + life));
            Lives++;
            await LiveAsync(random, stop);
            if (_kept.Count > 64 || random.Next(3) == 0) LetGo();
        }
    }

    /// <summary>Lets go of the pages that it kept.</summary>
    public void LetGo()
    {
        if (_kept.Count > 0) _hypervisor.Mapper.Unmap([.. _kept]);
        _kept.Clear();
    }

    /// <inheritdoc/>
    public void Dispose() => LetGo();

    private async Task LiveAsync(Random random, CancellationToken stop)
    {
        await PublishAsync(XenbusState.InitWait, HostileBackendKeys.Offer(random));
        if (!await WaitForFrontendAsync(stop)) return;
        var keys = new Dictionary<string, string>(StringComparer.Ordinal);
        CancellationToken none = CancellationToken.None; // a life that is told to stop ends where it lets go of all
        foreach (string key in await _hypervisor.Store.ListAsync(_frontendPath, none) ?? [])
            keys[key] = await _hypervisor.Store.ReadAsync($"{_frontendPath}/{key}", none) ?? string.Empty;
        var most = new BackendOffer { RingPageOrderMax = 4, QueuesMax = 16 };
        if (!FrontendAnswer.TryFromKeys(keys, most, BlkifAbiNames.Native, out FrontendAnswer? answer, out _)) return;
        using var ring = HostileBackendRing.TryAttach(_hypervisor, _frontend, answer, _kept);
        if (ring is null) return;
        Connections++;
        await PublishAsync(XenbusState.Connected, HostileBackendKeys.Disk(random));
        await RageAsync(random, ring, stop);
        Misdeeds += ring.Misdeeds;
        string last = random.Next(3) switch { 0 => "6", 1 => "5", _ => $"{random.Next(9)}" };
        await _hypervisor.Store.WriteAsync($"{_path}/{VbdKeys.State}", last, CancellationToken.None);
    }

    private async Task RageAsync(Random random, HostileBackendRing ring, CancellationToken stop)
    {
        bool flips = random.Next(3) == 0;
        bool storms = random.Next(4) == 0;
        long start = _hypervisor.Time.GetTimestamp();
        while (!stop.IsCancellationRequested && _hypervisor.Time.GetElapsedTime(start) < _patience)
        {
            if (!ring.Serve(random)) await Task.Delay(1, CancellationToken.None);
            if (storms) ring.Storm();
            if (!flips || random.Next(20) != 0) continue;
            (string key, string value) = HostileBackendKeys.Change(random);
            await _hypervisor.Store.WriteAsync($"{_path}/{key}", value, CancellationToken.None);
        }
    }

    private async Task<bool> WaitForFrontendAsync(CancellationToken stop)
    {
        long start = _hypervisor.Time.GetTimestamp();
        while (!stop.IsCancellationRequested && _hypervisor.Time.GetElapsedTime(start) < _patience)
        {
            XenbusState state = XenbusTransitions.Parse(
                await _hypervisor.Store.ReadAsync($"{_frontendPath}/{VbdKeys.State}", CancellationToken.None));
            if (state is XenbusState.Initialised or XenbusState.Connected) return true;
            await Task.Delay(1, CancellationToken.None);
        }

        return false;
    }

    private Task PublishAsync(XenbusState state, IReadOnlyDictionary<string, string> keys) =>
        _hypervisor.Store.TransactAsync(async transaction =>
        {
            foreach ((string key, string value) in keys) await transaction.WriteAsync($"{_path}/{key}", value);
            await transaction.WriteAsync($"{_path}/{VbdKeys.State}", XenbusTransitions.Format(state));
        });
}
