namespace XenBlock.Profiling;

/// <summary>
/// What the two ends could do: each queue has a thread at either end, which can do as many requests a second as its
/// work for one allows. A closed loop of n requests does n over their latency (Little's law), and no more than the
/// busier stage.
/// </summary>
internal sealed class StageModel
{
    // A stage that works for three quarters of the time is what limits the loop; the rest is lost between batches.
    private const double Saturated = 0.75;

    // Of what lies between two records, no more than this is taken for waiting.
    private const double NotifyWaitMax = 0.95;
    private const double RestWaitMax = 0.7;

    private readonly double[] _backend; // nanoseconds a request, by kind of work
    private readonly double[] _frontend;
    private readonly double _latencyNs;

    /// <summary>The stages of a disk.</summary>
    public StageModel(DiskFacts facts)
    {
        RequestsPerSecond = facts.Trace.RequestsPerSecond;
        QueueCount = Math.Max(1, facts.Trace.InFlight.Count);
        StoreIsPipelined = facts.Knobs.StoreIsPipelined;
        _latencyNs = facts.Trace.Summary.MeanLatencyNs;
        _backend = WorkOf(facts, TraceSide.Backend);
        _frontend = WorkOf(facts, TraceSide.Frontend);
        BackendBusy = BusyShare(Work(_backend));
        FrontendBusy = BusyShare(Busy(_frontend));
        LeaveOutWaiting(_backend, facts.BackendThread, BackendBusy);
        LeaveOutWaiting(_frontend, facts.FrontendThread, FrontendBusy);
        InFlight = facts.Trace.InFlight.Sum(queue => queue.Submitted.Mean);
        InSlots = facts.Trace.InFlight.Sum(queue => queue.InSlots.Mean);
        InStore = facts.Trace.InFlight.Sum(queue => queue.InStore.Mean);
    }

    /// <summary>Requests a second, as it is.</summary>
    public double RequestsPerSecond { get; }

    /// <summary>Queues that did something.</summary>
    public int QueueCount { get; }

    /// <summary>True if the store works by itself, and the backend's thread does not.</summary>
    public bool StoreIsPipelined { get; }

    /// <summary>Requests under way, on average: from submitting to knowing.</summary>
    public double InFlight { get; }

    /// <summary>Requests in slots of the ring, on average.</summary>
    public double InSlots { get; }

    /// <summary>Requests in the store, on average.</summary>
    public double InStore { get; }

    /// <summary>What the backend's thread works for a request, in nanoseconds.</summary>
    public double BackendNs => Work(_backend);

    /// <summary>What the frontend's thread works for a request, in nanoseconds.</summary>
    public double FrontendNs => Busy(_frontend);

    /// <summary>The part of the time in which the backend's threads work, 0 to 1.</summary>
    public double BackendBusy { get; }

    /// <summary>The part of the time in which the frontend's threads work, 0 to 1.</summary>
    public double FrontendBusy { get; }

    /// <summary>True if one of the stages is busy nearly all the time.</summary>
    public bool IsSaturated => Math.Max(BackendBusy, FrontendBusy) >= Saturated;

    /// <summary>Requests a second that the stages allow, whatever is under way.</summary>
    public double Capacity => Math.Min(CapacityOf(BackendNs), CapacityOf(FrontendNs));

    /// <summary>What the backend's thread works of one kind for a request, in nanoseconds.</summary>
    public double BackendWorkNs(PumpWork work) => _backend[(int)work];

    /// <summary>What the frontend's thread works of one kind for a request, in nanoseconds.</summary>
    public double FrontendWorkNs(PumpWork work) => _frontend[(int)work];

    /// <summary>One kind of work as a part of all that the backend's thread works, 0 to 1.</summary>
    public double BackendShare(PumpWork work) => BackendNs <= 0 ? 0 : _backend[(int)work] / BackendNs;

    /// <summary>The throughput without some work over that with it.</summary>
    /// <param name="backendNs">Nanoseconds a request that the backend's thread would not work.</param>
    /// <param name="frontendNs">Likewise the frontend's.</param>
    /// <param name="latencyNs">Nanoseconds that a request would be known sooner, if no stage limits the loop.</param>
    public double Gain(double backendNs, double frontendNs, double latencyNs)
    {
        double now = RequestsPerSecond;
        if (now <= 0) return 1;
        double backend = CapacityOf(BackendNs - backendNs);
        double frontend = CapacityOf(FrontendNs - frontendNs);
        if (!IsSaturated)
            return Math.Max(1, Math.Min(Ratio(_latencyNs, latencyNs), Math.Min(backend, frontend) / now));

        // What is idle now stays idle: the two ends may be taking turns, on one processor say, and then nothing is
        // gained but the work itself.
        bool isBackend = BackendBusy >= FrontendBusy;
        double turnNs = isBackend ? BackendNs / BackendBusy : FrontendNs / FrontendBusy;
        double leftNs = Math.Max(
            turnNs - backendNs - frontendNs, Math.Max(BackendNs - backendNs, FrontendNs - frontendNs));
        return leftNs <= 0 ? double.MaxValue : Math.Max(1, turnNs / leftNs);
    }

    /// <summary>The throughput with so many requests under way over that with those that are.</summary>
    public double GainOfDepth(double times) =>
        RequestsPerSecond <= 0 ? 1 : Math.Max(1, Math.Min(times, Capacity / RequestsPerSecond));

    private static double Ratio(double wholeNs, double savedNs) =>
        wholeNs <= savedNs ? double.MaxValue : wholeNs / (wholeNs - savedNs);

    private static double Busy(double[] work) => work.Sum() - work[(int)PumpWork.Idle];

    private static double[] WorkOf(DiskFacts facts, TraceSide side)
    {
        var work = new double[Enum.GetValues<PumpWork>().Length];
        int requests = Math.Max(1, facts.Trace.Summary.RequestCount);
        foreach ((TraceSide own, PumpTimes times) in facts.Trace.Pumps)
        {
            if (own != side) continue;
            for (int i = 0; i < work.Length; i++) work[i] += (double)times[(PumpWork)i] / requests;
        }

        return work;
    }

    // On a busy computer a thread waits for a processor, most often where an event has woken the other end and that
    // took its place: such a wait looks like work between two records, and is none.
    private void LeaveOutWaiting(double[] work, ThreadShare? thread, double busy)
    {
        if (thread is not { Waiting: > 0 } share || RequestsPerSecond <= 0) return;
        double waitNs = Math.Min(1, share.Waiting) * busy * 1e9 / RequestsPerSecond;
        double fromNotifyNs = Math.Min(waitNs, work[(int)PumpWork.Notify] * NotifyWaitMax);
        work[(int)PumpWork.Notify] -= fromNotifyNs;
        double restNs = Math.Min(waitNs - fromNotifyNs, Busy(work) * RestWaitMax);
        double scale = Busy(work) <= 0 ? 1 : 1 - (restNs / Busy(work));
        for (int i = 0; i < work.Length; i++) work[i] *= scale;
    }

    private double Work(double[] work) => Busy(work) - (StoreIsPipelined ? work[(int)PumpWork.Store] : 0);

    private double CapacityOf(double workNs) => workNs <= 0 ? double.MaxValue : QueueCount * 1e9 / workNs;

    private double BusyShare(double workNs) => Math.Min(1, workNs * RequestsPerSecond / 1e9 / QueueCount);
}
