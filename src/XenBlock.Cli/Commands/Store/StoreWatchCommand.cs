using System.CommandLine;
using System.Text.Json;
using System.Threading.Channels;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Hypervisor;

namespace XenBlock.Cli.Commands.Store;

/// <summary><c>xenblk store watch</c>: prints what changes.</summary>
internal sealed class StoreWatchCommand : StoreCommand
{
    private readonly Argument<string[]> _paths = PathsArgument();

    private readonly Option<int?> _count = new("--count", "-n")
    {
        Description = "End after so many events; the first event of each watch comes when it is set.",
        HelpName = "N",
    };

    /// <summary>The command.</summary>
    public StoreWatchCommand()
        : base(
            "watch",
            "Print the path of every node that changes at or below a path, until Ctrl-C.",
            """
            xenblk store watch /local/domain/1/device
            xenblk store watch -n 2 /tool/note           the first event, then one change
            xenblk store watch @releaseDomain            domains that go away
            """)
    {
        Arguments.Add(_paths);
        Options.Add(_count);
    }

    /// <inheritdoc/>
    public override bool RunsUntilStopped => true;

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(CommandRun run, IXenStore store)
    {
        int left = run.Result.GetValue(_count) ?? int.MaxValue;
        Channel<string> changes = Channel.CreateBounded<string>(256);
        using CancellationTokenSource done = CancellationTokenSource.CreateLinkedTokenSource(run.Token);
        List<Task> pumps = [];
        foreach (string path in run.Result.GetRequiredValue(_paths))
        {
            IXenStoreWatch watch = await store.WatchAsync(path, run.Token);
            pumps.Add(ForwardAsync(watch, changes.Writer, done.Token));
        }

        await foreach (string changed in changes.Reader.ReadAllAsync(run.Token))
        {
            string? value = run.Json && !changed.StartsWith('@') ? await store.ReadAsync(changed, run.Token) : null;
            run.Out.WriteLine(run.Json
                ? JsonSerializer.Serialize(new StoreNodeDocument(changed, value), JsonLines.Default.StoreNodeDocument)
                : changed);
            if (--left == 0)
                break;
        }

        await done.CancelAsync();
        await Task.WhenAll(pumps).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return ExitCodes.Okay;
    }

    private static async Task ForwardAsync(IXenStoreWatch watch, ChannelWriter<string> changes, CancellationToken token)
    {
        await using (watch)
        {
            try
            {
                while (true)
                    await changes.WriteAsync(await watch.NextAsync(token), token);
            }
            catch (XenBlockException lost)
            {
                changes.TryComplete(lost);
            }
        }
    }
}
