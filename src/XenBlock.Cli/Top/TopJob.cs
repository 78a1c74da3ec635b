using System.Diagnostics;
using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Cli.Serving;
using XenBlock.Hypervisor;
using XenBlock.Native;
using XenBlock.Protocol;
using XenBlock.Tracing;

namespace XenBlock.Cli.Top;

/// <summary>Watches every disk of a machine, interval after interval, until told to stop.</summary>
internal sealed class TopJob(CommandRun run, IHypervisor tracer, ToolstackStore toolstack, TopSettings settings)
    : IAsyncDisposable
{
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_renewal = TimeSpan.FromSeconds(1);
    private readonly Dictionary<string, TopDisk> _disks = new(StringComparer.Ordinal);
    private TopState _state = new();
    private IReadOnlyList<TopSample> _last = [];
    private long _renewedTicks;

    /// <summary>Runs until told to stop, as many intervals as were asked for, or until nobody reads on.</summary>
    public async Task RunAsync()
    {
        bool isScreen = !run.Json && !Console.IsOutputRedirected && !Console.IsInputRedirected;
        await RenewAsync();
        Measure(); // from here on
        if (isScreen) run.Out.Write("\e[?1049h\e[?25l");
        try
        {
            for (int round = 1; !_state.IsOver && !run.Token.IsCancellationRequested; round++)
            {
                IReadOnlyList<TopSample> samples = await NextAsync(isScreen);
                if (run.Token.IsCancellationRequested || _state.IsOver) return;
                Show(samples, isScreen);
                if (round == settings.Rounds || !OutputPipe.HasReader(OutputPipe.StandardOutput)) return;
            }
        }
        finally
        {
            if (isScreen) run.Out.Write("\e[?25h\e[?1049l");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (TopDisk disk in _disks.Values) await disk.DisposeAsync();
    }

    // One interval; while it lasts, keys act at once on what was measured last.
    private async Task<IReadOnlyList<TopSample>> NextAsync(bool isScreen)
    {
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < settings.Interval || _state.IsPaused)
        {
            await Task.Delay(s_step, run.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (run.Token.IsCancellationRequested) return [];
            foreach (TopDisk disk in _disks.Values) disk.Collect();
            if (Stopwatch.GetElapsedTime(_renewedTicks) >= s_renewal) await RenewAsync();
            bool isPressed = false;
            for (; isScreen && Console.KeyAvailable; isPressed = true)
                _state = _state.After(Console.ReadKey(intercept: true), _state.Sort(_last));
            if (_state.IsOver) return [];
            if (isPressed) Show(_last, isScreen);
        }

        return Measure();
    }

    private IReadOnlyList<TopSample> Measure() => _last = [.. _disks.Values.Select(disk => disk.Measure())];

    private async Task RenewAsync()
    {
        _renewedTicks = Stopwatch.GetTimestamp();
        IReadOnlyList<DiskDocument> disks = await DiskList.ReadAsync(toolstack, run.Token);
        HashSet<string> there = new(StringComparer.Ordinal);
        foreach (DiskDocument disk in disks)
        {
            if (!VbdName.TryParse(disk.Vdev, out VbdNumber vbd, out _)) continue;
            TraceSubject subject = new()
            {
                Frontend = new DomainId((ushort)disk.Domain),
                Backend = new DomainId((ushort)disk.BackendDomain),
                Vbd = vbd,
            };
            there.Add(subject.Disk);
            if (!_disks.ContainsKey(subject.Disk)) _disks[subject.Disk] = new TopDisk(tracer, subject);
        }

        foreach (string gone in _disks.Keys.Except(there, StringComparer.Ordinal).ToArray())
        {
            await _disks[gone].DisposeAsync();
            _disks.Remove(gone);
        }

        foreach (TopDisk disk in _disks.Values) await disk.RenewAsync(run.Token);
    }

    private void Show(IReadOnlyList<TopSample> samples, bool isScreen)
    {
        if (run.Json)
        {
            TopDocument document = new(TopDocument.SchemaName, [.. samples.Select(TopDiskDocument.Of)]);
            run.Out.WriteLine(JsonSerializer.Serialize(document, JsonLines.Default.TopDocument));
            return;
        }

        int width = isScreen ? Console.WindowWidth : TopScreen.WidthMin;
        IReadOnlyList<string> lines = TopScreen.Draw(samples, _state, settings.Machine, width);
        if (!isScreen)
        {
            // Nobody presses keys: the lines with what they say are all there is to print.
            foreach (string line in lines.SkipLast(2)) run.Out.WriteLine(line);
            run.Out.WriteLine();
            return;
        }

        run.Out.Write("\e[H");
        foreach (string line in lines.Take(Math.Max(1, Console.WindowHeight - 1))) run.Out.Write(line + "\e[K\r\n");
        run.Out.Write("\e[J");
        run.Out.Flush();
    }
}
