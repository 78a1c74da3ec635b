using System.Globalization;
using XenBlock.Cli.Report;

namespace XenBlock.Cli.Compare;

/// <summary>Something that was set, or was there, in one run and not in the other.</summary>
/// <param name="Name">What it is.</param>
/// <param name="First">In the first run.</param>
/// <param name="Second">In the second.</param>
internal sealed record KnobDifference(string Name, string First, string Second)
{
    /// <summary>What differs between two runs, apart from their results.</summary>
    public static IReadOnlyList<KnobDifference> Between(BenchReport first, BenchReport second)
    {
        (string Name, Func<BenchReport, string> Of)[] knobs =
        [
            ("access", report => report.Machine.Access),
            ("modes", report => string.Join(", ", report.Plan.Modes.Select(mode =>
                $"{mode.Name} ({mode.SegmentsAgreed} segments)"))),
            ("grants", report => report.Machine.Grants),
            ("machine", report => report.Machine.Description),
            ("processes", report => report.Machine.Processes.ToString(CultureInfo.InvariantCulture)),
            ("store", report => report.Image.Store),
            ("image bytes", report => report.Image.SizeBytes.ToString(CultureInfo.InvariantCulture)),
            ("sector bytes", report => report.Image.SectorSizeBytes.ToString(CultureInfo.InvariantCulture)),
            ("pattern", report => report.Plan.Pattern),
            ("queues", report => report.Plan.Queues.ToString(CultureInfo.InvariantCulture)),
            ("sample seconds", report => report.Plan.SampleSeconds.ToString(CultureInfo.InvariantCulture)),
            ("repeats", report => report.Plan.RepeatsDone.ToString(CultureInfo.InvariantCulture)),
            ("processor", report => $"{report.Computer.Processor}, {report.Computer.ProcessorCount}"),
            ("kernel", report => report.Computer.Kernel),
            ("runtime", report => report.Computer.Runtime),
            ("xenblk", report => report.ToolVersion),
        ];
        return
        [
            .. knobs.Select(knob => new KnobDifference(knob.Name, knob.Of(first), knob.Of(second)))
                .Where(knob => !string.Equals(knob.First, knob.Second, StringComparison.Ordinal)),
        ];
    }
}
