using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using XenBlock.Cli.Report;
using XenBlock.Profiling;
using Xunit;

namespace XenBlock.Tests.Cli;

public sealed class ReportSchemaTests
{
    public static TheoryData<Type> Parts =>
    [
        typeof(BenchReport), typeof(ComputerFacts), typeof(MachineFacts), typeof(ImageFacts), typeof(PlanFacts),
        typeof(ModeFacts), typeof(PointReport), typeof(BaselineReport), typeof(GrantedReadReport),
        typeof(VerificationReport), typeof(ModelReport), typeof(ModelPointReport),
        typeof(TraceReport), typeof(BreakdownReport), typeof(PercentileReport), typeof(NotificationsReport),
        typeof(NotificationStepsReport), typeof(PauseReport), typeof(TracedDiskReport), typeof(TracedPointReport),
        typeof(PhasesReport), typeof(PhaseReport), typeof(DiagnosisReport), typeof(DiagnosisFinding),
    ];

    [Theory]
    [MemberData(nameof(Parts))]
    public void Every_field_of_the_report_is_documented(Type part)
    {
        string document = File.ReadAllText(Path.Combine(Root(), "docs", "report-schema.md"));
        string[] missing =
        [
            .. part.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name))
                .Where(name => !document.Contains($"`{name}`", StringComparison.Ordinal)),
        ];

        Assert.Empty(missing);
    }

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}
