using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Conformance;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Cli.Check;

/// <summary>Tries the rules on an end, and shows how far it is.</summary>
internal static class CheckRun
{
    /// <summary>The rules for backends.</summary>
    /// <param name="run">The command's run.</param>
    /// <param name="what">What is being checked, for the display.</param>
    /// <param name="domain">The frontend's domain, which we are.</param>
    /// <param name="vbd">The disk.</param>
    /// <param name="options">How far to go.</param>
    public static async Task<IReadOnlyList<RuleResult>> BackendAsync(
        CommandRun run, string what, IHypervisor domain, VbdNumber vbd, CheckOptions options)
    {
        await using ProgressDisplay progress = run.Progress(what);
        int done = 0;
        return await BackendCheck.RunAsync(
            domain,
            vbd,
            options,
            result => progress.Report((double)++done / BackendCheck.Rules.Count, result.Rule.Id),
            run.Token);
    }

    /// <summary>The rules for frontends.</summary>
    /// <param name="run">The command's run.</param>
    /// <param name="what">What is being checked, for the display.</param>
    /// <param name="domain">The backend's domain, which we are.</param>
    /// <param name="frontend">The frontend's domain.</param>
    /// <param name="vbd">The disk.</param>
    /// <param name="peer">The frontend.</param>
    /// <param name="options">How far to go.</param>
    public static async Task<IReadOnlyList<RuleResult>> FrontendAsync(
        CommandRun run,
        string what,
        IHypervisor domain,
        DomainId frontend,
        VbdNumber vbd,
        IFrontendUnderTest peer,
        FrontendCheckOptions options)
    {
        await using ProgressDisplay progress = run.Progress(what);
        int done = 0;
        return await FrontendCheck.RunAsync(
            domain,
            frontend,
            vbd,
            peer,
            options,
            (stage, count) => progress.Report((double)done++ / count, stage.ToString()),
            run.Token);
    }
}
