using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.TestKit.Enemy;

/// <summary>
/// A hostile guest: lives one life after another against a backend, each from the seed, and says what the backend did
/// that it must not. While requests are read, a thread of it rewrites them, their indirect pages and the event words.
/// </summary>
public sealed class HostileFrontend
{
    // A ring that may have ended answers nothing, and nothing can be expected of it.
    private static readonly TimeSpan _lingering = TimeSpan.FromMilliseconds(100);

    private readonly IHypervisor _hypervisor;
    private readonly DomainId _backend;
    private readonly ScriptedVbd _vbd;
    private readonly int _seed;

    /// <summary>An enemy that has not begun.</summary>
    /// <param name="hypervisor">Its own domain.</param>
    /// <param name="backend">Whom it attacks.</param>
    /// <param name="vbd">Its disk there.</param>
    /// <param name="seed">What it does follows from this; two threads race, so not each step of it.</param>
    public HostileFrontend(IHypervisor hypervisor, DomainId backend, VbdNumber vbd, int seed)
    {
        _hypervisor = hypervisor;
        _backend = backend;
        _vbd = new ScriptedVbd(hypervisor, backend, vbd);
        _seed = seed;
    }

    /// <summary>Lives lived.</summary>
    public int Lives { get; private set; }

    /// <summary>Requests published, in all lives.</summary>
    public long Requests { get; private set; }

    /// <summary>Responses taken, in all lives.</summary>
    public long Responses { get; private set; }

    /// <summary>How long an answer, a state of the backend, or the end of a mapping, may take.</summary>
    public TimeSpan Bound { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Told of each life's grant for writing that no request names, for a planted fault.</summary>
    public Action<uint>? Unnamed { get; set; }

    /// <summary>Lives one life; null, or what the backend did wrong, with the seed that shows it.</summary>
    /// <param name="life">The number of the life, from 0.</param>
    public async Task<string?> LiveAsync(int life)
    {
        var random = new Random(unchecked((_seed * 7919) + life));
        EnemyPlan plan = EnemyPlan.From(random);
        _vbd.Patience = Bound;
        Lives++;
        string? problem;
        try
        {
            problem = await LiveAsync(random, plan);
        }
        catch (XenBlockException exception) when (exception.Kind == XenBlockErrorKind.TimedOut)
        {
            problem = exception.Message;
        }

        return problem is null ? null : $"{problem} (seed {_seed}, life {life}: {plan})";
    }

    private async Task<string?> LiveAsync(Random random, EnemyPlan plan)
    {
        using var memory = new EnemyMemory(_hypervisor, _backend, plan.RingPageCount);
        IEventChannel channel = _hypervisor.EventChannels.AllocateUnbound(_backend);
        Unnamed?.Invoke(memory.UnnamedGrant);
        try
        {
            var ring = new EnemyRing(memory, plan, random);
            Dictionary<string, string> keys = EnemyKeys.Make(random, plan, memory, channel.LocalPort);

            // A backend that is still busy with the flips of the life before may answer those first; that is not an
            // answer to these keys. The next one is.
            if (!await TryConnectAsync(keys) && !plan.SpoilsKeys && !await TryConnectAsync(keys))
                return "good keys were refused twice";
            await _vbd.PublishAsync(XenbusState.Connected);
            string? problem = await RageAsync(random, plan, memory, ring, channel);
            Requests += ring.Requests;
            Responses += ring.Responses;
            await EndAsync(plan, channel);
            return problem ?? await LookAtMemoryAsync(memory);
        }
        finally
        {
            channel.Dispose();
        }
    }

    private async Task<bool> TryConnectAsync(Dictionary<string, string> keys)
    {
        await _vbd.PublishAsync(XenbusState.Initialising);
        await _vbd.WaitForBackendAsync(XenbusState.InitWait);
        await _vbd.PublishAsync(XenbusState.Initialised, keys);
        XenbusState answer = await _vbd.WaitForBackendAsync(XenbusState.Connected, XenbusState.Closing);
        if (answer == XenbusState.Connected) return true;
        await _vbd.PublishAsync(XenbusState.Closed);
        await _vbd.WaitForBackendAsync(XenbusState.Closed);
        return false;
    }

    /// <summary>Requests, while another thread rewrites them; null, or what went wrong.</summary>
    private async Task<string?> RageAsync(
        Random random, EnemyPlan plan, EnemyMemory memory, EnemyRing ring, IEventChannel channel)
    {
        using var stop = new CancellationTokenSource();
        var rewriting = new Random(random.Next());
        Task rewriter = Task.Factory.StartNew(
            () => Rewrite(rewriting, plan, ring, channel, stop.Token),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        Task flipper = plan.FlipsStates ? FlipAsync(new Random(random.Next()), stop.Token) : Task.CompletedTask;
        try
        {
            long start = _hypervisor.Time.GetTimestamp();
            bool isRevoked = false;
            while (ring.Requests < plan.Requests || (plan.RingSurvives && ring.Unanswered > 0))
            {
                string? problem = ring.Take();
                if (plan.RingSurvives && problem is not null) return problem;
                if (ring.Requests < plan.Requests) ring.Put(random);
                if (plan.Revokes && !isRevoked && ring.Requests > plan.Requests / 2)
                {
                    memory.RevokeSome(random);
                    isRevoked = true;
                }

                channel.Notify();
                await Task.Yield();
                TimeSpan passed = _hypervisor.Time.GetElapsedTime(start);
                if (!plan.RingSurvives && passed > _lingering) break;
                if (passed > Bound) return $"{ring.Unanswered} requests are not answered";
            }

            return plan.RingSurvives ? ring.Take() : null;
        }
        finally
        {
            await stop.CancelAsync();
            await rewriter;
            await flipper;
        }
    }

    private static void Rewrite(
        Random random, EnemyPlan plan, EnemyRing ring, IEventChannel channel, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            for (int i = 0; i < 50; i++) ring.Rewrite(random);
            if (plan.Storms) channel.Notify();
            Thread.Yield();
        }
    }

    private async Task FlipAsync(Random random, CancellationToken stop)
    {
        string[] names = EnemyKeys.Names;
        while (!stop.IsCancellationRequested)
        {
            string name = random.Next(2) == 0 ? VbdKeys.State : names[random.Next(names.Length)];
            string value = name == VbdKeys.State ? $"{random.Next(10)}" : EnemyKeys.Value(random);
            await _hypervisor.Store.WriteAsync($"{_vbd.Path}/{name}", value, CancellationToken.None);
        }
    }

    private async Task EndAsync(EnemyPlan plan, IEventChannel channel)
    {
        switch (plan.Ending)
        {
            case 0:
                await _vbd.PublishAsync(XenbusState.Closing);
                await _vbd.WaitForBackendAsync(XenbusState.Closing, XenbusState.Closed, XenbusState.InitWait);
                break;
            case 1:
                channel.Dispose();
                break;
            case 2:
                await _vbd.PublishAsync(XenbusState.Initialising);
                break;
        }

        // Whatever there was, Closed is the end; and what it says is taken away, or the next life has these keys too.
        await _vbd.PublishAsync(XenbusState.Closed);
        foreach (string name in EnemyKeys.Names) await _hypervisor.Store.RemoveAsync($"{_vbd.Path}/{name}");
    }

    /// <summary>Everything must come back, and no canary have changed; null, or what is wrong.</summary>
    private async Task<string?> LookAtMemoryAsync(EnemyMemory memory)
    {
        long start = _hypervisor.Time.GetTimestamp();
        while (memory.RevokeAll() is var kept && kept > 0)
        {
            if (_hypervisor.Time.GetElapsedTime(start) > Bound) return $"{kept} grants are mapped after the end";
            await Task.Delay(1);
        }

        int changed = memory.ChangedCanary();
        return changed < 0 ? null : $"page {changed}, which no request may reach, was written to";
    }
}
