using System.Diagnostics;
using System.Text.Json;
using XenBlock.Backend;
using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.TestKit.Processes;
using XenBlock.XenStore;

namespace XenBlock.Soak;

/// <summary>
/// The machine and the toolstack, and who kills: a frontend and a backend in processes of their own, each stopped in
/// order or by SIGKILL at random and started again, the backend each time with another way of access.
/// </summary>
internal sealed class SoakRun : IAsyncDisposable
{
    private const int BlockCount = 24 * 256; // 24 MiB: small enough that the same blocks come again and again

    private const int HistoryMax = 24;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly DomainId Guest = new(1);
    private static readonly VbdNumber Xvda = new(51712);

    private readonly SoakOptions _options;
    private readonly Random _random;
    private readonly string _directory = Directory.CreateTempSubdirectory("xenblk-soak").FullName;
    private readonly EmulatedMachine _machine = EmulatedMachine.Create(new() { DomainsMax = 4 });
    private readonly SoakCounts _counts = new();
    private PeerProcess? _backend;
    private PeerProcess? _frontend;
    private Task<string>? _frontendSays;
    private readonly Queue<string> _history = new();
    private readonly long _began = Stopwatch.GetTimestamp();
    private bool _isJournaled;
    private ulong _life;

    public SoakRun(SoakOptions options)
    {
        _options = options;
        _random = new Random(options.Seed);
    }

    /// <summary>The last things that were done to either end, a line each, for when something failed.</summary>
    public string History => string.Join(Environment.NewLine, _history);

    private string Socket => Path.Combine(_directory, "machine.sock");

    /// <summary>Runs, and says in a line what was done; throws what is wrong.</summary>
    public async Task<string> RunAsync()
    {
        Shadow.Create(Path.Combine(_directory, "shadow"), BlockCount);
        await using (FileStream image = File.Create(Path.Combine(_directory, "image")))
            image.SetLength(BlockCount * (long)Shadow.BlockBytes);
        _machine.Listen(Socket);
        await StartBothAsync(); // once before anything is counted: what a domain leaves in XenStore for ever is there
        await EndBothAsync();
        int nodes = await CountNodesAsync();
        int descriptors = MachineBooks.OpenFiles();
        await StartBothAsync();
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < _options.Time)
        {
            // Some lives are so short that nothing has been answered yet.
            int milliseconds = _random.Next(4) == 0 ? _random.Next(0, 40) : _random.Next(200, 2500);
            await PauseAsync(TimeSpan.FromMilliseconds(milliseconds));
            if (_random.Next(3) == 0) await ChangeFrontendAsync();
            else await ChangeBackendAsync();
        }

        await EndBothAsync();
        Require(Math.Max(0, await CountNodesAsync() - nodes), "nodes more are in XenStore");
        await UntilAsync(() => MachineBooks.OpenFiles() <= descriptors, "the host's descriptors are closed");
        return $"{_counts}; {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s, seed {_options.Seed}";
    }

    public async ValueTask DisposeAsync()
    {
        if (_frontend is not null) await _frontend.DisposeAsync();
        if (_backend is not null) await _backend.DisposeAsync();
        await _machine.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private static void Require(long found, string what)
    {
        if (found != 0) throw new SoakException($"{found} {what}");
    }

    private void Note(string what)
    {
        _history.Enqueue($"{Stopwatch.GetElapsedTime(_began).TotalSeconds,8:F2} s: {what}");
        if (_history.Count > HistoryMax) _history.Dequeue();
    }

    private async Task ChangeBackendAsync()
    {
        await EndBackendAsync(mayBeKilled: true);
        await PauseAsync(TimeSpan.FromMilliseconds(_random.Next(0, 300)));
        await StartBackendAsync();
    }

    private async Task ChangeFrontendAsync()
    {
        if (_random.Next(2) == 0)
        {
            Note("the frontend is killed");
            await _frontend!.KillAsync();
            await LeaveFrontendAsync();
            _counts.FrontendsKilled++;
        }
        else
        {
            await StopFrontendAsync();
        }

        await StartFrontendAsync();
    }

    private async Task StartBackendAsync()
    {
        PayloadAccess[] ways = Enum.GetValues<PayloadAccess>();
        PayloadAccess access = ways[_random.Next(ways.Length)];
        _isJournaled = _random.Next(2) == 0;
        string journal = _isJournaled ? Path.Combine(_directory, "in-flight") : "-";
        bool offersFlush = _random.Next(4) != 0;
        Note($"a backend starts: {access}, {(_isJournaled ? "with" : "without")} a journal, flush {offersFlush}");
        _backend = PeerProcess.Start(
            BackendRole.Name, Socket, Path.Combine(_directory, "image"), access, journal, offersFlush, _options.Fault);
        await _backend.ListenAsync(Patience);
        _counts.Access[(int)access]++;
        if (!offersFlush) _counts.BarrierLives++;
    }

    private async Task EndBackendAsync(bool mayBeKilled)
    {
        bool isKilled = mayBeKilled && _random.Next(3) != 0;
        if (isKilled)
        {
            Note("the backend is killed");
            await _backend!.KillAsync();
            _counts.BackendsKilled++;
            if (_isJournaled) _counts.JournalsLeft++;
        }
        else
        {
            Note("the backend is told to stop");
            await _backend!.TellAsync("stop");
            string[] words = (await _backend.ListenAsync(Patience)).Split(' ');
            Require(long.Parse(words[0]), "requests were taken and not answered");
            Require(long.Parse(words[1]), "pages are still mapped by a backend that stopped in order");
            Require(MachineBooks.PagesMapped(_machine, DomainId.Zero), "pages are mapped, says the machine");
            Require(MachineBooks.Channels(_machine, DomainId.Zero), "event channels of the backend are open");
            _counts.Barriers += long.Parse(words[2]);
            _counts.BackendsStopped++;
            await _backend.EndAsync();
        }

        await _backend.DisposeAsync();
        _backend = null;
        await UntilAsync(() => !IsThere(DomainId.Zero), "the backend's domain is gone");
    }

    private async Task StartFrontendAsync()
    {
        Note($"a frontend starts: life {_life + 1}");
        _frontend = PeerProcess.Start(
            FrontendRole.Name,
            Socket,
            Path.Combine(_directory, "shadow"),
            unchecked((_options.Seed * 1009) + (int)_life),
            ++_life);
        string said = await _frontend.ListenAsync(Patience);
        Note("the frontend has checked the disk");
        if (said != "checked") throw new SoakException($"the frontend said: {said}");

        // A frontend that ends by itself has found something: its complaint is this task's exception.
        _frontendSays = _frontend.ListenAsync(Timeout.InfiniteTimeSpan);
    }

    private async Task StopFrontendAsync()
    {
        Note("the frontend is told to stop");
        await _frontend!.TellAsync("stop");
        FrontendReport report = JsonSerializer.Deserialize<FrontendReport>(await _frontendSays!.WaitAsync(Patience))!;
        Require(report.NotCompleted, "operations were submitted and never completed");
        Require(report.PagesQuarantined, "pages were kept by a backend");
        Require(Math.Max(0, report.DescriptorsMore), "more files are open in the frontend than at first");
        Require(MachineBooks.GrantsOffered(_machine, Guest), "grants of the frontend are still offered");
        Require(MachineBooks.Channels(_machine, Guest), "event channels of the frontend are open");
        _counts.Add(report);
        await _frontend.EndAsync();
        await LeaveFrontendAsync();
    }

    private async Task LeaveFrontendAsync()
    {
        await _frontend!.DisposeAsync();
        _frontend = null;
        await UntilAsync(() => !IsThere(Guest), "the guest is gone");
    }

    private async Task StartBothAsync()
    {
        _machine.StoreServer.IntroduceDomain(Guest);
        await using IXenStore toolstack = Toolstack();
        await VbdNodes.CreateAsync(toolstack, new VbdSpecification { Frontend = Guest, Vbd = Xvda });
        await StartBackendAsync();
        await StartFrontendAsync();
    }

    private async Task EndBothAsync()
    {
        await StopFrontendAsync();
        await EndBackendAsync(mayBeKilled: false);
        string[] paths =
        [
            $"/local/domain/{Guest.Value}/device/vbd", "/local/domain/0/backend", "/local/domain/0/error",
            $"/local/domain/{Guest.Value}/error",
        ];
        await using IXenStore toolstack = Toolstack();
        foreach (string path in paths) await toolstack.RemoveAsync(path);
    }

    // Anew each time: a connection as dom0 ends with the backend's domain.
    private IXenStore Toolstack() => _machine.StoreServer.ConnectInProcess(DomainId.Zero);

    private async Task<int> CountNodesAsync()
    {
        await using IXenStore toolstack = Toolstack();
        return (await MachineBooks.PathsAsync(toolstack)).Count;
    }

    private bool IsThere(DomainId domain) => _machine.Memory.SlotOf(domain) >= 0
        && _machine.Memory.StateOf(_machine.Memory.SlotOf(domain)) != SlotState.Free;

    private async Task PauseAsync(TimeSpan time)
    {
        if (await Task.WhenAny(_frontendSays!, Task.Delay(time)) == _frontendSays)
            throw new SoakException($"the frontend ended by itself: {await _frontendSays}");
    }

    private static async Task UntilAsync(Func<bool> condition, string what)
    {
        long started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
                throw new SoakException($"not within {Patience}: {what}");
            await Task.Delay(5);
        }
    }
}
