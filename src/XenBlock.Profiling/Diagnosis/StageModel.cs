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

    // Fewer events a batch than that: the ends find each other awake already.
    private const double EventsPerBatchMin = 0.5;

    private readonly double[] _backend; // nanoseconds a request, by kind of work
    private readonly double[] _frontend;
    private readonly double _latencyNs;
    private readonly double _spinNs;
    private readonly double _eventsPerBatch;

    /// <summary>The stages of a disk.</summary>
    public StageModel(DiskFacts facts)
    {
        RequestsPerSecond = facts.Trace.RequestsPerSecond;
        QueueCount = Math.Max(1, facts.Trace.InFlight.Count);
        StoreIsPipelined = facts.Knobs.StoreIsPipelined;
        _latencyNs = facts.Trace.Summary.MeanLatencyNs;
        BackendBusy = BusyShare(RawNs(facts, TraceSide.Backend));
        FrontendBusy = BusyShare(RawNs(facts, TraceSide.Frontend));
        _backend = WorkOf(facts, TraceSide.Backend, facts.BackendThread, BackendBusy);
        _frontend = WorkOf(facts, TraceSide.Frontend, facts.FrontendThread, FrontendBusy);
        InFlight = facts.Trace.InFlight.Sum(queue => queue.Submitted.Mean);
        InSlots = facts.Trace.InFlight.Sum(queue => queue.InSlots.Mean);
        InStore = facts.Trace.InFlight.Sum(queue => queue.InStore.Mean);
        BatchSize = Math.Clamp(facts.Trace.Batches.RequestsPerTurn.Mean, 1, Math.Max(1, InSlots / QueueCount));
        _spinNs = facts.Knobs.SpinUs * 1000.0;
        NotificationStatistics events = facts.Trace.Notifications;
        _eventsPerBatch = (events.ToBackendPerRequest + events.ToFrontendPerRequest) * BatchSize;
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

    /// <summary>
    /// Requests that one turn of the backend could do together: what it took, and no more than lies on a ring, since a
    /// turn that begins while the one before goes on counts as one with it.
    /// </summary>
    public double BatchSize { get; }

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

    /// <summary>What the thread of one end works most on, and how long for a request, in nanoseconds.</summary>
    /// <param name="isBackend">Which end.</param>
    public (PumpWork Work, double Ns) Largest(bool isBackend)
    {
        double[] works = isBackend ? _backend : _frontend;
        PumpWork most = Enum.GetValues<PumpWork>().Where(work => work != PumpWork.Idle)
            .MaxBy(work => works[(int)work]);
        return (most, works[(int)most]);
    }

    /// <summary>One kind of work as a part of all that the backend's thread works, 0 to 1.</summary>
    public double BackendShare(PumpWork work) => BackendNs <= 0 ? 0 : _backend[(int)work] / BackendNs;

    /// <summary>The throughput without some work over that with it.</summary>
    /// <param name="backendNs">Nanoseconds a request that the backend's thread would not work.</param>
    /// <param name="frontendNs">Likewise the frontend's.</param>
    /// <param name="latencyNs">Nanoseconds that a request would be known sooner, if no stage limits the loop.</param>
    /// <param name="eventsNs">How much of what neither thread would work is sending events.</param>
    public double Gain(double backendNs, double frontendNs, double latencyNs, double eventsNs = 0)
    {
        double now = RequestsPerSecond;
        if (now <= 0) return 1;
        double backend = CapacityOf(BackendNs - backendNs);
        double frontend = CapacityOf(FrontendNs - frontendNs);
        if (!IsSaturated)
            return Math.Max(1, Math.Min(Ratio(_latencyNs, latencyNs), Math.Min(backend, frontend) / now));

        // What is idle now stays idle: the two ends may be taking turns, on one processor say, and then nothing is
        // gained but the work itself.
        double turnNs = TurnNs;
        double leftNs = Math.Max(
            turnNs - backendNs - frontendNs, Math.Max(BackendNs - backendNs, FrontendNs - frontendNs));
        leftNs = Math.Min(leftNs, AwakeNs(backendNs + frontendNs - eventsNs));
        return leftNs <= 0 ? double.MaxValue : Math.Max(1, turnNs / leftNs);
    }

    /// <summary>
    /// Whether two ends that sleep between batches would find each other awake, without some of the work: then the
    /// gain is also that of events and wake-ups.
    /// </summary>
    /// <param name="savedNs">Nanoseconds a request that neither end's thread would work.</param>
    public bool StaysAwakeWithout(double savedNs) => IsSaturated && AwakeNs(savedNs) < double.MaxValue;

    /// <summary>The throughput if the two ends work one after the other, without some of the work.</summary>
    /// <param name="savedNs">Nanoseconds a request that neither end's thread would work.</param>
    public double GainInTurns(double savedNs)
    {
        double leftNs = BackendNs + FrontendNs - savedNs;
        return RequestsPerSecond <= 0 || leftNs <= 0 ? 1 : Math.Max(1, QueueCount * 1e9 / RequestsPerSecond / leftNs);
    }

    /// <summary>The throughput with so many requests under way over that with those that are.</summary>
    public double GainOfDepth(double times) =>
        RequestsPerSecond <= 0 ? 1 : Math.Max(1, Math.Min(times, Capacity / RequestsPerSecond));

    // What passes between two requests of the busier end's thread, with what it is idle.
    private double TurnNs => BackendBusy >= FrontendBusy ? BackendNs / BackendBusy : FrontendNs / FrontendBusy;

    private static double Ratio(double wholeNs, double savedNs) =>
        wholeNs <= savedNs ? double.MaxValue : wholeNs / (wholeNs - savedNs);

    private static double Busy(double[] work) => work.Sum() - work[(int)PumpWork.Idle];

    // An end that waits for a batch sleeps if that takes longer than it looks, and then there is an event, and a thread
    // that wakes, for each batch. Where a batch becomes shorter than that both stay awake, and what is left is their
    // work alone, one after the other. Ends that send events though a batch is short do so for another reason, which
    // a shorter one does not take away.
    private double AwakeNs(double savedNs)
    {
        if (TurnNs * BatchSize < _spinNs) return double.MaxValue;
        double notifyNs = BackendWorkNs(PumpWork.Notify) + FrontendWorkNs(PumpWork.Notify);
        double awakeNs = BackendNs + FrontendNs - notifyNs - savedNs;
        bool staysAwake = _eventsPerBatch >= EventsPerBatchMin && awakeNs > 0 && awakeNs * BatchSize < _spinNs;
        return staysAwake ? awakeNs : double.MaxValue;
    }

    // With the waits, and what recording costs: how busy the thread was while it was traced.
    private double RawNs(DiskFacts facts, TraceSide side)
    {
        double sumNs = 0;
        foreach ((TraceSide own, PumpTimes times) in facts.Trace.Pumps)
        {
            if (own != side) continue;
            foreach (PumpWork work in Enum.GetValues<PumpWork>())
                sumNs += work == PumpWork.Idle || (work == PumpWork.Store && StoreIsPipelined) ? 0 : times[work];
        }

        return sumNs / Math.Max(1, facts.Trace.Summary.RequestCount);
    }

    private double[] WorkOf(DiskFacts facts, TraceSide side, ThreadShare? thread, double busy)
    {
        var work = new double[Enum.GetValues<PumpWork>().Length];
        int requests = Math.Max(1, facts.Trace.Summary.RequestCount);
        double waiting = Math.Clamp(thread?.Waiting ?? 0, 0, 1) * busy;
        foreach ((TraceSide own, PumpTimes times) in facts.Trace.Pumps)
        {
            if (own != side) continue;
            IReadOnlyList<double> ownNs = times.WithoutWaits(waiting * times.DurationNs, !StoreIsPipelined);
            for (int i = 0; i < work.Length; i++)
                work[i] += Math.Max(0, ownNs[i] - (facts.StampNs * times.Readings((PumpWork)i))) / requests;
        }

        return work;
    }

    private double Work(double[] work) => Busy(work) - (StoreIsPipelined ? work[(int)PumpWork.Store] : 0);

    private double CapacityOf(double workNs) => workNs <= 0 ? double.MaxValue : QueueCount * 1e9 / workNs;

    private double BusyShare(double workNs) => Math.Min(1, workNs * RequestsPerSecond / 1e9 / QueueCount);
}
