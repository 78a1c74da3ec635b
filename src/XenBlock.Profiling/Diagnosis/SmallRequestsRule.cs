namespace XenBlock.Profiling;

/// <summary>
/// D15: requests so small that most of their cost does not depend on their size; asked only where nothing else was
/// found, and known only from runs of several sizes.
/// </summary>
internal sealed class SmallRequestsRule() : DiagnosisRule("D15", "too small requests")
{
    private const double FixedMin = 0.7;
    private const double FitMin = 0.5;
    private const int PageBytes = 4096;

    public override DiagnosisFinding? Judge(DiskFacts facts, StageModel model)
    {
        if (facts.BySize is not { } line || line.FixedNs <= 0 || line.PerByteNs <= 0 || line.Fit < FitMin) return null;
        RequestTrace[] withData = [.. facts.Requests.Where(request => request.LengthBytes != 0)];
        if (withData.Length == 0) return null;
        double bytes = withData.Average(request => (double)request.LengthBytes);
        double part = line.FixedNs / line.At(bytes);
        double largest = facts.Knobs.SegmentsMax * (double)PageBytes;
        if (part < FixedMin || bytes * 2 > largest) return null;

        // Where the data takes as long as the rest, doubling gains no more than a third.
        double wanted = Math.Min(largest, Math.Ceiling(line.FixedNs / line.PerByteNs / PageBytes) * PageBytes);
        double gain = wanted / line.At(wanted) / (bytes / line.At(bytes));
        return Found(
            $"Of the {Words.Us(line.At(bytes))} of a request of {bytes / 1024:N0} KiB, {Words.Percent(part)} do not "
                + "depend on its size.",
            Sure(part, FixedMin, 0.95) * line.Fit,
            RepairGain.Of(facts, gain) with { RequestsTimes = bytes / wanted },
            $"Submit larger operations: {wanted / 1024:N0} KiB instead of {bytes / 1024:N0} (bench: --sizes "
                + $"{wanted / 1024:N0}K).",
            $"a request costs {Words.Us(line.FixedNs)}, and {line.PerByteNs * 1024:N1} ns each KiB (R squared "
                + $"{line.Fit:N2})",
            $"the gain is in bytes, at {wanted / 1024:N0} KiB");
    }
}
