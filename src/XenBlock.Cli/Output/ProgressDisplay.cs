using Spectre.Console;

namespace XenBlock.Cli.Output;

/// <summary>
/// A bar on standard error, for people only, from the second second on. Reports may come from any thread and cost a
/// store.
/// </summary>
internal sealed class ProgressDisplay : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(200);
    private readonly CancellationTokenSource _done = new();
    private readonly Task _display;
    private double _fraction;
    private string _detail = "";

    /// <summary>Starts to wait for the moment to show itself.</summary>
    /// <param name="what">What is being done, as "copying".</param>
    /// <param name="isShown">False where nobody would see it.</param>
    public ProgressDisplay(string what, bool isShown)
    {
        _display = isShown ? Task.Run(() => ShowAsync(what)) : Task.CompletedTask;
    }

    /// <summary>Tells how far the work is.</summary>
    /// <param name="fraction">0 to 1.</param>
    /// <param name="detail">A few words, or empty.</param>
    public void Report(double fraction, string detail = "")
    {
        _fraction = fraction;
        _detail = detail;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _done.CancelAsync();
        await _display;
        _done.Dispose();
    }

    private async Task ShowAsync(string what)
    {
        if (!await DelayAsync(s_patience))
            return;
        IAnsiConsole console = AnsiConsole.Create(
            new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        Progress progress = new(console) { AutoClear = true, AutoRefresh = false };
        progress.Columns(
            new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn());
        await progress.StartAsync(async context =>
        {
            ProgressTask task = context.AddTask(Markup.Escape(what), maxValue: 1.0);
            do
            {
                task.Value = _fraction;
                task.Description = Markup.Escape(_detail.Length == 0 ? what : $"{what}: {_detail}");
                context.Refresh();
            }
            while (await DelayAsync(s_period));
        });
    }

    private async Task<bool> DelayAsync(TimeSpan delay)
    {
        await Task.Delay(delay, _done.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !_done.IsCancellationRequested;
    }
}
