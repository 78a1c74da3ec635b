using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>
/// Holds a frontend, of whatever make, against the protocol: serves it a disk in memory, as a backend that speaks the
/// raw ring, in several stages while its user reads and writes, and judges what was seen.
/// </summary>
public static class FrontendCheck
{
    /// <summary>The rules, in the order of the report.</summary>
    public static IReadOnlyList<Rule> Rules { get; } = [.. FrontendRules.All.Select(rule => rule.Rule)];

    /// <summary>Runs the stages that the rules need, and judges.</summary>
    /// <param name="hypervisor">The backend's domain.</param>
    /// <param name="frontend">The frontend's domain.</param>
    /// <param name="vbd">The disk's number there.</param>
    /// <param name="peer">The frontend, its user, and the toolstack.</param>
    /// <param name="options">How it is done.</param>
    /// <param name="onStage">Told of each stage as it begins, and how many there are; null for nobody.</param>
    /// <param name="cancellationToken">Gives up; the disk's nodes are removed.</param>
    /// <exception cref="XenBlockException">The frontend never connected at all; the message says how far it came.
    /// </exception>
    public static async Task<IReadOnlyList<RuleResult>> RunAsync(
        IHypervisor hypervisor,
        DomainId frontend,
        VbdNumber vbd,
        IFrontendUnderTest peer,
        FrontendCheckOptions options,
        Action<FrontendStage, int>? onStage = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(options.DiskBytes % (1 << 20), 0);
        FrontendRule[] rules =
            [.. FrontendRules.All.Where(rule => options.Check.Only?.Contains(rule.Rule.Id) is not false)];
        FrontendStage[] stages =
        [
            .. rules.Where(rule => options.Check.WhyNot(rule.Rule) is null).SelectMany(rule => rule.Stages)
                .Distinct().Order(),
        ];
        byte[] disk = new byte[options.DiskBytes];
        var records = new Dictionary<FrontendStage, StageRecord>();
        foreach (FrontendStage stage in stages)
        {
            cancellationToken.ThrowIfCancellationRequested();
            onStage?.Invoke(stage, stages.Length);
            var probe = new FrontendProbe(hypervisor, frontend, disk, stage);
            await using var run = new FrontendStageRun(probe, vbd, peer, options, stage);
            StageRecord record = await run.RunAsync(cancellationToken);
            if (records.Count == 0 && record.Keys.Count == 0 && record.Broken is { } broken)
                throw new XenBlockException(XenBlockErrorKind.TimedOut, broken);
            records[stage] = record;
        }

        return
        [
            .. rules.Select(rule =>
            {
                Finding finding = options.Check.WhyNot(rule.Rule) is { } why
                    ? Finding.NotApplicable(why)
                    : rule.Judge(records);
                return new RuleResult(rule.Rule, finding.Verdict, finding.Text);
            }),
        ];
    }
}
