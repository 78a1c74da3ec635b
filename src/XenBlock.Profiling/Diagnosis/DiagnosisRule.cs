using XenBlock.Protocol;

namespace XenBlock.Profiling;

/// <summary>One cause, and how it is recognised. Thresholds are the rule's own constants.</summary>
/// <param name="id">Its number, as D1.</param>
/// <param name="name">Its name.</param>
internal abstract class DiagnosisRule(string id, string name)
{
    private const double GainMax = 100;

    /// <summary>Looks for the cause.</summary>
    /// <param name="facts">What is known.</param>
    /// <param name="model">What the stages could do.</param>
    /// <returns>Null if it is not there, or cannot be seen.</returns>
    public abstract DiagnosisFinding? Judge(DiskFacts facts, StageModel model);

    /// <summary>A finding of this rule.</summary>
    protected DiagnosisFinding Found(
        string sentence, double confidence, RepairGain gain, string advice, params string[] evidence)
    {
        double? times = Plausible(gain.Times);
        return new DiagnosisFinding(id, name, sentence, Math.Clamp(confidence, 0, 1), times, advice, evidence)
        {
            IsBound = gain.IsBound,
            GainWords = times is { } known ? Words.Gain(known, gain.IsBound, known >= GainMax) : "",
            Now = times is null ? null : gain.Now,
            Then = times is { } sure ? gain.Then(sure) : null,
        };
    }

    /// <summary>How sure a value makes us: half at the threshold, quite at the value that is certain.</summary>
    protected static double Sure(double value, double threshold, double certain) =>
        0.5 + (0.45 * Math.Clamp((value - threshold) / (certain - threshold), 0, 1));

    // A model of two stages says nothing sensible of a stage that is left with next to no work.
    private static double? Plausible(double? gain) =>
        gain is { } ratio && double.IsFinite(ratio) ? Math.Clamp(ratio, 1, GainMax) : null;

    /// <summary>The number of queues to set: more than there are, and no more than there can be.</summary>
    /// <param name="model">Of the disk as it is.</param>
    /// <param name="wanted">How many would be enough.</param>
    protected static string MoreQueues(StageModel model, double wanted)
    {
        const int Most = ProtocolConstants.QueuesMax;
        return model.QueueCount >= Most
            ? $"QueuesMax is {Most} already, the most that there can be"
            : $"QueuesMax from {model.QueueCount} to {Words.Whole(Math.Clamp(wanted, model.QueueCount + 1, Most))}";
    }

    /// <summary>The mean of one phase, in nanoseconds.</summary>
    protected static double MeanNs(DiskFacts facts, RequestPhase phase) =>
        facts.Trace.Summary.Phases[(int)phase].MeanNs;

    /// <summary>Its part of the latency, 0 to 1.</summary>
    protected static double Share(DiskFacts facts, RequestPhase phase) =>
        facts.Trace.Summary.Phases[(int)phase].Share;
}
