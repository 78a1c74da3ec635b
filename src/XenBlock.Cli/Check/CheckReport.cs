using System.Runtime.InteropServices;
using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Conformance;

namespace XenBlock.Cli.Check;

/// <summary>From results to a document, and from that to text, JSON and Markdown.</summary>
internal static class CheckReport
{
    private const string XenVersion = "/sys/hypervisor/version/";

    /// <summary>One end's part.</summary>
    public static EndReport Of(string end, PeerName peer, string disk, IReadOnlyList<RuleResult> results) => new(
        end,
        peer.Name,
        peer.Version,
        disk,
        Count(results, Verdict.Passed),
        Count(results, Verdict.Failed),
        Count(results, Verdict.NotApplicable),
        [
            .. results.Select(result => new RuleDocument(
                result.Rule.Id,
                result.Rule.Title,
                result.Rule.Source,
                result.Rule.Risk.ToString().ToLowerInvariant(),
                Words(result.Verdict),
                result.Finding)),
        ]);

    /// <summary>The whole document.</summary>
    /// <param name="machine">The machine, in its own words.</param>
    /// <param name="reports">Its parts.</param>
    public static CheckDocument Of(string machine, params IReadOnlyList<EndReport> reports) => new(
        CheckDocument.SchemaName,
        OwnProgram.Version,
        machine,
        $"Linux {HostKernel.Release}, {RuntimeInformation.OSArchitecture}",
        FindXen(),
        reports);

    /// <summary>Says it on standard output, and writes it to a file if one was named.</summary>
    /// <returns>The exit code: a rule that failed is a failure.</returns>
    public static int Say(CommandRun run, CheckDocument document, string? path)
    {
        if (path is not null)
        {
            bool isJson = path.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
            File.WriteAllText(path, isJson ? Json(document) + Environment.NewLine : CheckMarkdown.Of(document));
        }

        if (run.Json) run.Out.WriteLine(JsonSerializer.Serialize(document, JsonLines.Default.CheckDocument));
        else Write(document, run.Out);
        return document.Reports.All(report => report.Failed == 0) ? ExitCodes.Okay : ExitCodes.Failed;
    }

    /// <summary>The document as JSON for people: a field a line.</summary>
    public static string Json(CheckDocument document) =>
        JsonSerializer.Serialize(document, CheckJson.Default.CheckDocument);

    /// <summary>A verdict as it is said.</summary>
    public static string Words(Verdict verdict) => verdict switch
    {
        Verdict.Passed => "pass",
        Verdict.Failed => "fail",
        _ => "not applicable",
    };

    /// <summary>The counts of a report in a sentence.</summary>
    public static string Summary(EndReport report) =>
        $"{report.Passed} rules kept, {report.Failed} broken, {report.NotApplicable} not applicable";

    private static void Write(CheckDocument document, TextWriter writer)
    {
        foreach (EndReport report in document.Reports)
        {
            writer.WriteLine($"The {report.End} of {report.PeerInWords()}: {report.Disk}, on {document.Machine}");
            writer.WriteLine();
            TextTable table = new("rule", "verdict", "what was seen") { LeftColumns = 3 };
            foreach (RuleDocument rule in report.Rules)
                table.Add(rule.Id, rule.Verdict, rule.Finding);
            table.WriteTo(writer);
            writer.WriteLine();
            foreach (RuleDocument rule in report.Rules.Where(rule => rule.Verdict == Words(Verdict.Failed)))
            {
                writer.WriteLine(
                    $"{rule.Id} is broken: {rule.Title} ({rule.Source}). {Failure.Sentence(rule.Finding)}");
            }

            writer.WriteLine($"{Summary(report)}.");
            writer.WriteLine();
        }
    }

    private static int Count(IReadOnlyList<RuleResult> results, Verdict verdict) =>
        results.Count(result => result.Verdict == verdict);

    private static string? FindXen()
    {
        try
        {
            return string.Concat(((string[])["major", "minor", "extra"]).Select(
                (part, index) => (index == 1 ? "." : "") + File.ReadAllText(XenVersion + part).Trim()));
        }
        catch (IOException)
        {
            return null; // no Xen, or no sysfs of it
        }
    }
}
