using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>
/// Holds a backend, of whatever make, against the protocol: connects to it as a frontend that speaks the raw ring, and
/// tries one rule after another.
/// </summary>
public static class BackendCheck
{
    /// <summary>The rules, in the order in which they are tried.</summary>
    public static IReadOnlyList<Rule> Rules { get; } = [.. BackendRules.All.Select(rule => rule.Rule)];

    /// <summary>Tries the rules on the backend of a disk of our domain, which nobody else may be using.</summary>
    /// <param name="hypervisor">The frontend's domain.</param>
    /// <param name="vbd">The disk.</param>
    /// <param name="options">How far it may go.</param>
    /// <param name="onResult">Told of each result as it comes; null for nobody.</param>
    /// <param name="cancellationToken">Gives up between two rules; what was written over is put back.</param>
    /// <exception cref="XenBlockException">
    /// There is no such disk, or its backend cannot be connected to at all; or what was written over could not be put
    /// back.
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
        try
        {
            string? lost = null; // why no rule can be tried any more
            foreach (BackendRule rule in BackendRules.All)
            {
                if (options.Only is { } only && !only.Contains(rule.Rule.Id)) continue;
                cancellationToken.ThrowIfCancellationRequested();
                Finding finding = lost is not null ? Finding.NotApplicable(lost)
                    : options.WhyNot(rule.Rule) is { } why ? Finding.NotApplicable(why)
                    : await TryAsync(probe, rule);
                var result = new RuleResult(rule.Rule, finding.Verdict, finding.Text);
                results.Add(result);
                onResult?.Invoke(result);
                if (finding.Verdict == Verdict.Failed && lost is null) lost = await WhyLostAsync(probe, rule);
            }
        }
        finally
        {
            await RestoreAsync(probe);
        }

        return results;
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

    private static async Task RestoreAsync(BackendProbe probe)
    {
        if (await probe.RestoreAsync() is not { } problem) return;
        DiskRegion region = probe.Region;
        throw new XenBlockException(
            XenBlockErrorKind.InputOutput,
            $"{region.SectorCount} sectors from sector {region.FirstSector} on hold bytes of the check, and what was "
                + $"there could not be put back: {problem}");
    }
}
