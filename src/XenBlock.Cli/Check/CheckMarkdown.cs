using System.Text;

namespace XenBlock.Cli.Check;

/// <summary>A check as a page: what docs/conformance is made of.</summary>
internal static class CheckMarkdown
{
    /// <summary>The page.</summary>
    public static string Of(CheckDocument document)
    {
        var page = new StringBuilder();
        string ends = string.Join(
            " and ", document.Reports.Select(report => $"the {report.End} of {report.Peer}"));
        page.Append("# Conformance: ").Append(ends).Append("\n\n");
        page.Append("Written by `xenblk check`, version ").Append(document.ToolVersion).Append(".\n\n");
        page.Append("| | |\n|---|---|\n");
        Row(page, "machine", document.Machine);
        if (document.Hypervisor is { } xen) Row(page, "hypervisor", $"Xen {xen}");
        Row(page, "kernel", document.Kernel);
        foreach (EndReport report in document.Reports)
        {
            page.Append("\n## The ").Append(report.End).Append(" of ").Append(report.PeerInWords()).Append("\n\n");
            page.Append("Tried with ").Append(report.Disk).Append(": ").Append(CheckReport.Summary(report))
                .Append(".\n\n| rule | what the protocol asks | source | verdict | what was seen |\n")
                .Append("|---|---|---|---|---|\n");
            foreach (RuleDocument rule in report.Rules)
            {
                string verdict = rule.Verdict == "fail" ? "**fail**" : rule.Verdict;
                Row(page, $"`{rule.Id}`", rule.Title, rule.Source, verdict, rule.Finding);
            }
        }

        return page.ToString();
    }

    private static void Row(StringBuilder page, params ReadOnlySpan<string> cells)
    {
        foreach (string cell in cells)
            page.Append("| ").Append(cell.Replace("|", "\\|", StringComparison.Ordinal)).Append(' ');
        page.Append("|\n");
    }
}
