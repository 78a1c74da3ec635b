using System.Globalization;
using System.Xml.Linq;
using Xunit;

namespace XenBlock.Tests.House.Coverage;

/// <summary>Run by ./x coverage only, after the test projects wrote their reports.</summary>
public sealed class CoverageGate
{
    private const double PercentMin = 90;

    private static readonly string[] CoreRooms = ["XenBlock.Protocol", "XenBlock.SharedMemory", "XenBlock.XenStore"];

    [Fact(Explicit = true)]
    public void Core_rooms_are_covered_above_ninety_percent_of_branches()
    {
        string folder = Environment.GetEnvironmentVariable("XENBLOCK_COVERAGE")
            ?? throw new InvalidOperationException("run ./x coverage: it says where the reports are");
        var coverage = new BranchCoverage();
        foreach (string report in Directory.GetFiles(folder, "*.xml")) coverage.Add(XDocument.Load(report));
        string[] rows =
        [
            .. coverage.Rooms.Select(room => string.Create(
                CultureInfo.InvariantCulture,
                $"{room,-24} {coverage.PercentOf(room),5:F1} % of {coverage.Of(room).Valid} branches")),
        ];
        File.WriteAllLines(Path.Combine(folder, "table.txt"), rows);
        Assert.All(CoreRooms, room => Assert.True(
            coverage.PercentOf(room) >= PercentMin, $"{room}: {coverage.PercentOf(room):F1} % of {PercentMin} %"));
    }
}
