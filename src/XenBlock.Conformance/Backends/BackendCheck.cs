using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>
/// Holds a backend, of whatever make, against the protocol: connects to it as a frontend that speaks the raw ring, and
/// tries one rule after another.
/// </summary>
public static class BackendCheck
{
    // Before the protocol is broken on purpose, since a backend may not live through that. Whatever else is tried, what
    // was written over is put back; only that it cannot be is told in any case.
    private static readonly Rule _putBack = new(
        "put-back",
        "The disk takes back what was on it",
        "xen/include/public/io/blkif.h, struct blkif_request",
        RuleRisk.Writes);

    /// <summary>The rules, in the order in which they are tried.</summary>
    public static IReadOnlyList<Rule> Rules { get; } =
    [
        .. BackendRules.All.Select(rule => rule.Rule).Where(rule => rule.Risk != RuleRisk.Hostile),
        _putBack,
        .. BackendRules.All.Select(rule => rule.Rule).Where(rule => rule.Risk == RuleRisk.Hostile),
    ];

    /// <summary>Tries the rules on the backend of a disk of our domain, which nobody else may be using.</summary>
    /// <param name="hypervisor">The frontend's domain.</param>
    /// <param name="vbd">The disk.</param>
    /// <param name="options">How far it may go.</param>
    /// <param name="onResult">Told of each result as it comes; null for nobody.</param>
    /// <param name="cancellationToken">Gives up between two rules; what was written over is put back.</param>
    /// <exception cref="XenBlockException">
    /// There is no such disk, or its backend cannot be connected to at all.
    /// </exception>
    public static async Task<IReadOnlyList<RuleResult>> RunAsync(
        IHypervisor hypervisor,
        VbdNumber vbd,
        CheckOptions options,
        Action<RuleResult>? onResult = null,
        CancellationToken cancellationToken = default)
    {
        ScriptedVbd directory = await ScriptedVbd.FindAsync(hypervisor, vbd, options.Patience, cancellationToken);
        var results = new List<RuleResult>();
        await using var probe = new BackendProbe(hypervisor, directory, options);
        await probe.SessionAsync();
        bool isPutBack = false;
        try
        {
            string? lost = null; // why no rule can be tried any more
            foreach (BackendRule rule in BackendRules.All.OrderBy(rule => rule.Rule.Risk == RuleRisk.Hostile))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (rule.Rule.Risk == RuleRisk.Hostile) await PutBackAsync();
                if (options.Only is { } only && !only.Contains(rule.Rule.Id)) continue;
                Finding finding = lost is not null ? Finding.NotApplicable(lost)
                    : options.WhyNot(rule.Rule) is { } why ? Finding.NotApplicable(why)
                    : await TryAsync(probe, rule);
                Add(rule.Rule, finding);
                if (finding.Verdict == Verdict.Failed && lost is null) lost = await WhyLostAsync(probe, rule);
            }

            await PutBackAsync();
        }
        finally
        {
            if (!isPutBack) await probe.RestoreAsync();
        }

        return results;

        async Task PutBackAsync()
        {
            if (isPutBack) return;
            isPutBack = true;
            Finding restored = await RestoreAsync(probe, options);
            bool isWanted = options.Only is null || options.Only.Contains(_putBack.Id);
            if (isWanted || restored.Verdict == Verdict.Failed) Add(_putBack, restored);
        }

        void Add(Rule rule, Finding finding)
        {
            var result = new RuleResult(rule, finding.Verdict, finding.Text);
            results.Add(result);
            onResult?.Invoke(result);
        }
    }

    private static async Task<Finding> TryAsync(BackendProbe probe, BackendRule rule)
    {
        try
        {
            return await rule.TryAsync(probe);
        }
        catch (XenBlockException exception)
            when (exception.Kind is not (XenBlockErrorKind.MachineGone or XenBlockErrorKind.NoSpace))
        {
            return Finding.Failed(exception.Message);
        }
    }

    // After a failure nothing is taken for granted: the next rule gets a connection of its own, if there is one.
    private static async Task<string?> WhyLostAsync(BackendProbe probe, BackendRule rule)
    {
        try
        {
            await probe.FreshAsync();
            return null;
        }
        catch (XenBlockException exception)
        {
            return $"the backend does not connect any more since {rule.Rule.Id}: {exception.Message}";
        }
    }

    private static async Task<Finding> RestoreAsync(BackendProbe probe, CheckOptions options)
    {
        DiskRegion region = probe.Region;
        if (options.WhyNot(_putBack) is { } why) return Finding.NotApplicable(why);
        if (region.Saved is null) return Finding.NotApplicable("nothing was written");
        string what = $"{region.SectorCount} sectors from sector {region.FirstSector} on";
        return await probe.RestoreAsync() is { } problem
            ? Finding.Failed($"{what} hold bytes of the check: {problem}")
            : Finding.Passed(what);
    }
}
