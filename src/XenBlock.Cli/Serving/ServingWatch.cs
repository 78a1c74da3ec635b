using XenBlock.Backend;
using XenBlock.Cli.CommandLine;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Cli.Serving;

/// <summary>
/// Looks on while disks are served: tells what happens to them, ends those of domains that are gone, and knows when it
/// is over.
/// </summary>
internal sealed class ServingWatch
{
    private static readonly TimeSpan s_lookAtSizes = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_afterthought = TimeSpan.FromSeconds(1);
    private readonly CommandRun _run;
    private readonly HostedMachine _machine;
    private readonly IReadOnlyList<ServedImage> _images;
    private readonly XenbusState[] _shown;
    private readonly string?[] _errors;
    private readonly int[] _failuresTold;

    /// <summary>Looks on disks that are served.</summary>
    public ServingWatch(CommandRun run, HostedMachine machine, IReadOnlyList<ServedImage> images)
    {
        _run = run;
        _machine = machine;
        _images = images;
        _shown = [.. images.Select(image => image.Served!.State)];
        _errors = new string?[images.Count];
        _failuresTold = new int[images.Count];
    }

    /// <summary>Returns 0 when told to stop, or when every disk was taken away.</summary>
    /// <exception cref="WorkFailedException">The machine is gone, or a disk failed and none is left.</exception>
    public async Task<int> FollowAsync()
    {
        Task<string> gone = _machine.Gone;
        Task<string[]> ended = Task.WhenAll(_images.Select(image => image.Served!.Completion));
        Task stopped = Task.Delay(Timeout.Infinite, _run.Token);
        _ = EndDisksOfDeadDomainsAsync();
        Task untilSizes = Task.Delay(s_lookAtSizes, CancellationToken.None);
        Task<Task> changed = NextChangeAsync();
        Tell(); // what has changed since they were shown
        while (true)
        {
            Task first = await Task.WhenAny(gone, ended, stopped, changed, untilSizes);

            // One for as long as nothing changes: each would stay registered with every disk until something does.
            if (changed.IsCompleted)
                changed = NextChangeAsync();
            Tell();
            if (untilSizes.IsCompleted)
            {
                LookAtSizes();
                untilSizes = Task.Delay(s_lookAtSizes, CancellationToken.None);
            }

            if (first == stopped)
                return ExitCodes.Okay;

            // A machine that goes takes its XenStore along: disks may notice that first, and it is not the cause.
            if (ended.IsCompleted && first != gone && !_images.All(image => image.Served!.EndedInOrder))
                first = await Task.WhenAny(gone, Task.Delay(s_afterthought, CancellationToken.None));
            if (first == gone)
            {
                throw new WorkFailedException(_machine.IsXen
                    ? $"XenStore is gone ({await gone}); what was flushed is in the images. Start it, then serve again."
                    : $"{Failure.Sentence(await gone)} What was flushed is in the images.");
            }

            if (ended.IsCompleted)
                return End(await ended);
        }
    }

    // To be taken before the disks are looked at.
    private Task<Task> NextChangeAsync() => Task.WhenAny(_images.Select(image => image.Served!.Changed));

    private int End(string[] reasons)
    {
        int failed = _images.ToList().FindIndex(image => !image.Served!.EndedInOrder);
        if (failed >= 0)
            throw new WorkFailedException($"No disk is served any more: {reasons[failed].TrimEnd('.')}.");
        _run.Remark($"No disk is left to serve: {reasons[^1].TrimEnd('.')}.");
        return ExitCodes.Okay;
    }

    private void Tell()
    {
        for (int i = 0; i < _shown.Length; i++)
        {
            (XenbusState state, string? error) = (_images[i].Served!.State, _images[i].Served!.LastError);
            string name = NameOf(_images[i]);
            if (error is not null && !string.Equals(error, _errors[i], StringComparison.Ordinal))
                _run.Remark($"{name}: {Failure.Sentence(error)}");
            if (state != _shown[i])
                _run.Remark($"{name}: {state}");
            (_shown[i], _errors[i]) = (state, error);
            IReadOnlyList<StoreFailure> failures = _images[i].Served!.StoreFailures;
            for (; _failuresTold[i] < failures.Count; _failuresTold[i]++)
                _run.Remark($"{name}: {StoreFailureWords.Say(failures[_failuresTold[i]])}");
        }
    }

    private void LookAtSizes()
    {
        foreach (ServedImage image in _images.Where(image => !image.Served!.Completion.IsCompleted))
        {
            if (image.LookAtSize() is { } sentence)
                _run.Remark($"{NameOf(image)}: {Failure.Sentence(sentence)}");
        }
    }

    private static string NameOf(ServedImage image) =>
        $"{image.Served!.Vdev} of domain {image.Served!.Frontend.Value}";

    // Their nodes go with the toolstack's clean-up; where nobody cleans up, we do, for what we made.
    private async Task EndDisksOfDeadDomainsAsync()
    {
        if (!_machine.IsXen)
            return;
        IXenStore store = _machine.Domain.Store;
        try
        {
            await using IXenStoreWatch watch = await store.WatchAsync("@releaseDomain", _run.Token);
            while (true)
            {
                await watch.NextAsync(_run.Token);
                foreach (ServedImage image in _images.Where(image => !image.Served!.Completion.IsCompleted))
                {
                    if (await store.ReadAsync(VbdPaths.Domain(image.Disk.Domain), _run.Token) is not null)
                        continue;
                    await image.Served!.StopAsync(orderly: false);
                    await image.Claim!.WithdrawAsync();
                }
            }
        }
        catch (Exception exception) when (exception is XenBlockException or OperationCanceledException)
        {
            // Told to stop, or XenStore is gone, or this domain may not watch it: the disks see their own nodes go.
        }
    }
}
