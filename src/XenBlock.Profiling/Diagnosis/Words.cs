using System.Globalization;

namespace XenBlock.Profiling;

/// <summary>Numbers and outcomes in words.</summary>
internal static class Words
{
    /// <summary>Nanoseconds as microseconds, with as many digits as they deserve.</summary>
    public static string Us(double ns)
    {
        double us = ns / 1000;
        string format = us >= 100 ? "N0" : us >= 10 ? "N1" : "N2";
        return us.ToString(format, CultureInfo.InvariantCulture) + " us";
    }

    /// <summary>A part as a percentage.</summary>
    public static string Percent(double share) => (share * 100).ToString("N0", CultureInfo.InvariantCulture) + " %";

    /// <summary>A number with two digits behind the point, or none if it is large.</summary>
    public static string Number(double value) =>
        value.ToString(value >= 100 ? "N0" : value >= 10 ? "N1" : "N2", CultureInfo.InvariantCulture);

    /// <summary>A gain: no more digits than a model deserves.</summary>
    /// <param name="times">The throughput then over that now.</param>
    /// <param name="isBound">True if nothing can gain more.</param>
    /// <param name="isBeyond">True if it is the most that a model may say.</param>
    public static string Gain(double times, bool isBound, bool isBeyond)
    {
        string number = times.ToString(times >= 9.95 ? "N0" : "N1", CultureInfo.InvariantCulture);
        return isBeyond ? $"{number} times the throughput or more"
            : isBound ? $"at most {number} times the throughput"
            : $"about {number} times the throughput";
    }

    /// <summary>A number of things, without digits behind the point.</summary>
    public static string Whole(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>The next 1, 2 or 5 with zeros behind it: what a person would set.</summary>
    public static double RoundUp(double value)
    {
        double unit = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(1, value))));
        return unit * new double[] { 1, 2, 5, 10 }.First(step => step * unit >= value - 1e-9);
    }

    /// <summary>What the largest part of a whole is called: only over a half is it most of it.</summary>
    public static string PartOf(double share) => share > 0.5 ? "most of it" : "the largest part";

    /// <summary>A finding in one line.</summary>
    public static string Headline(DiagnosisFinding finding)
    {
        string gain = finding.PredictedGain is >= 1.05 ? $" That gives {finding.GainWords}, by the model." : "";
        return $"{finding.Sentence} {finding.Advice}{gain} ({finding.Rule}, {Percent(finding.Confidence)} sure)";
    }

    /// <summary>Nothing was found, and a stage is at its limit.</summary>
    public static string Fine(DiskFacts facts, StageModel model)
    {
        bool isBackend = model.BackendBusy >= model.FrontendBusy;
        (PumpWork most, double ns) = model.Largest(isBackend);
        double whole = isBackend ? model.BackendNs : model.FrontendNs;
        return $"Nothing holds it back that this can see: the {(isBackend ? "backend" : "frontend")}'s thread works "
            + $"{Percent(isBackend ? model.BackendBusy : model.FrontendBusy)} of the time, "
            + $"{Us(whole)} a request, {PartOf(ns / whole)} {NameOf(most)} "
            + $"({Us(ns)}); {Number(facts.Trace.RequestsPerSecond)} requests a second.";
    }

    /// <summary>No rule fits, and no stage is at its limit.</summary>
    public static string Unknown(DiskFacts facts)
    {
        PhaseTime[] largest = [.. facts.Trace.Summary.Phases.OrderByDescending(phase => phase.Share).Take(2)];
        string most = largest.Sum(phase => phase.Share) > 0.5 ? "Most" : "The largest part";
        return $"Unknown: no rule fits. {most} of the latency is "
            + string.Join(" and ", largest.Select(phase => $"{phase.Phase} ({Percent(phase.Share)})"))
            + ". A run with more under way (--depths 1,32) or with every way to reach pages (--access all) would tell.";
    }

    /// <summary>What a thread does, in words.</summary>
    public static string NameOf(PumpWork work) => work switch
    {
        PumpWork.Application => "the application's own work",
        PumpWork.Grant => "granting",
        PumpWork.Publish => "publishing",
        PumpWork.Notify => "sending events",
        PumpWork.Take => "taking requests",
        PumpWork.Map => "reaching pages",
        PumpWork.AskStore or PumpWork.Store => "the store",
        PumpWork.LetGo => "letting pages go",
        PumpWork.Respond => "writing responses",
        PumpWork.Finish => "finishing",
        _ => "waiting",
    };
}
