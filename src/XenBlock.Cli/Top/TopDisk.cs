using System.Diagnostics;
using XenBlock.Hypervisor;
using XenBlock.Tracing;

namespace XenBlock.Cli.Top;

/// <summary>One disk that is watched: a tracer for it, and where the last interval ended.</summary>
internal sealed class TopDisk(IHypervisor tracer, TraceSubject subject) : IAsyncDisposable
{
    private const string NotTraced = "not traced: not connected, or not started with --allow-trace";

    private readonly TraceFollower _follower = new(tracer, subject);
    private long _measuredTicks = Stopwatch.GetTimestamp();
    private long _sinceNs = long.MinValue;

    /// <summary>The disk, as "1/xvda".</summary>
    public string Name => subject.Disk;

    /// <summary>Looks for processes that can be traced, and keeps those that are traced at it.</summary>
    public async Task RenewAsync(CancellationToken token)
    {
        await _follower.LookAsync(token);
        await _follower.WishAsync(token);
    }

    /// <summary>Takes over what was recorded, so often that nothing is lost.</summary>
    public void Collect() => _follower.Collect(wholeOnly: true);

    /// <summary>What it did since the last time.</summary>
    public TopSample Measure()
    {
        _follower.Collect();
        long now = Stopwatch.GetTimestamp();
        double seconds = Stopwatch.GetElapsedTime(_measuredTicks, now).TotalSeconds;
        _measuredTicks = now;
        if (_follower.RecorderCount == 0)
        {
            // Which nodes are not there is no news to who has not asked for any.
            return new TopSample { Disk = Name, Seconds = seconds, Verdict = NotTraced };
        }

        // A request may begin in one interval and end in the next: what was read is kept for one more.
        FollowedTrace trace = _follower.Join();
        _follower.ForgetOld();
        FollowedPart part = trace.Parts[0];
        TopSample sample = TopSample.Of(Name, _follower.Ends, part, _sinceNs, seconds);
        foreach (var request in part.Requests) _sinceNs = Math.Max(_sinceNs, TopSample.EndOf(request));
        return sample;
    }

    /// <summary>Switches the recorders off, and lets go of them.</summary>
    public async ValueTask DisposeAsync()
    {
        await _follower.EndWishAsync();
        await _follower.DisposeAsync();
    }
}
