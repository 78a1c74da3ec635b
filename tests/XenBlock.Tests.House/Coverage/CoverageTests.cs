using System.Xml.Linq;
using Xunit;

namespace XenBlock.Tests.House.Coverage;

public sealed class CoverageTests
{
    [Fact]
    public void Reports_are_merged_line_by_line()
    {
        var coverage = new BranchCoverage();
        coverage.Add(Report("XenBlock.Protocol", (10, "50% (1/2)"), (11, "0% (0/4)")));
        coverage.Add(Report("XenBlock.Protocol", (10, "0% (0/2)"), (11, "75% (3/4)")));
        coverage.Add(Report("XenBlock.XenStore", (10, "100% (2/2)")));
        Assert.Equal(["XenBlock.Protocol", "XenBlock.XenStore"], coverage.Rooms);
        Assert.Equal((4, 6), coverage.Of("XenBlock.Protocol"));
        Assert.Equal(100, coverage.PercentOf("XenBlock.XenStore"));
    }

    [Fact]
    public void A_room_that_no_report_has_counts_as_uncovered() =>
        Assert.Equal(0, new BranchCoverage().PercentOf("XenBlock.Protocol"));

    private static XDocument Report(string room, params (int Number, string Covered)[] lines) => new(
        new XElement("coverage", new XElement("packages", new XElement(
            "package",
            new XAttribute("name", room),
            new XElement("classes", new XElement(
                "class",
                new XAttribute("name", "A"),
                new XElement("methods", new XElement(
                    "method",
                    new XAttribute("name", "M"),
                    new XAttribute("signature", "()"),
                    new XElement("lines", lines.Select(line => new XElement(
                        "line",
                        new XAttribute("number", line.Number),
                        new XAttribute("condition-coverage", line.Covered)))))),
                new XElement("lines")))))));
}
