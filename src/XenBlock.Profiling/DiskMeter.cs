using System.Diagnostics.Metrics;
using XenBlock.Protocol;

namespace XenBlock.Profiling;

/// <summary>
/// A meter over the disks of one end in this process: its instruments read the counters of every disk that was added
/// when they are asked, so that a request costs nothing more. Safe for concurrent calls.
/// </summary>
/// <typeparam name="TDisk">The end of a disk.</typeparam>
/// <typeparam name="TStatistics">What it counts.</typeparam>
/// <param name="name">The meter's name, to be given to a listener.</param>
/// <param name="prefix">What the names of its instruments begin with, as "xenblk.backend.".</param>
/// <param name="address">The domain that has a disk, and the disk's name there.</param>
/// <param name="statistics">What a disk has counted so far.</param>
public sealed class DiskMeter<TDisk, TStatistics>(
    string name,
    string prefix,
    Func<TDisk, (DomainId Domain, string Name)> address,
    Func<TDisk, TStatistics> statistics) : IDisposable
    where TDisk : class
{
    // From 10 microseconds to 10 seconds, three steps a decade: the reach of memory, flash, disks and stalls.
    private static readonly InstrumentAdvice<double> _durationAdvice = new()
    {
        HistogramBucketBoundaries =
        [
            0.000_01, 0.000_02, 0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2,
            0.5, 1, 2, 5, 10,
        ],
    };

    private readonly Meter _meter = new(name);
    private readonly Lock _gate = new();
    private TDisk[] _disks = [];

    private TDisk[] Disks
    {
        get
        {
            lock (_gate) return _disks;
        }
    }

    /// <summary>From now on the disk is measured.</summary>
    public void Add(TDisk disk)
    {
        lock (_gate) _disks = [.. _disks, disk];
    }

    /// <summary>The disk is not measured any more.</summary>
    public void Remove(TDisk disk)
    {
        lock (_gate) _disks = [.. _disks.Where(one => !ReferenceEquals(one, disk))];
    }

    /// <summary>Nobody is told of these disks any more.</summary>
    public void Dispose() => _meter.Dispose();

    /// <summary>The attributes of a disk, and others behind them.</summary>
    public KeyValuePair<string, object?>[] Attributes(TDisk disk, params (string Name, string Value)[] others)
    {
        (DomainId domain, string diskName) = address(disk);
        return
        [
            new(MeterAttributes.Domain, (int)domain.Value),
            new(MeterAttributes.Disk, diskName),
            .. others.Select(other => new KeyValuePair<string, object?>(other.Name, other.Value)),
        ];
    }

    /// <summary>A histogram of seconds, to be recorded into by its owner while somebody listens.</summary>
    public Histogram<double> Durations(string what, string description) =>
        _meter.CreateHistogram(prefix + what, "s", description, advice: _durationAdvice);

    /// <summary>A count of each disk.</summary>
    public void Counter(string what, string unit, string description, Func<TStatistics, long> value) =>
        _meter.CreateObservableCounter(
            prefix + what,
            () => Disks.Select(disk => new Measurement<long>(value(statistics(disk)), Attributes(disk))),
            unit,
            description);

    /// <summary>Several counts of each disk, told apart by an attribute.</summary>
    public void Counter(
        string what,
        string unit,
        string description,
        string attribute,
        Func<TStatistics, (string Name, long Value)[]> values) =>
        _meter.CreateObservableCounter(
            prefix + what,
            () => Disks.SelectMany(disk => values(statistics(disk)).Select(
                one => new Measurement<long>(one.Value, Attributes(disk, (attribute, one.Name))))),
            unit,
            description);

    /// <summary>What a disk has or is now.</summary>
    public void Gauge(string what, string unit, string description, Func<TDisk, TStatistics, long> value) =>
        _meter.CreateObservableGauge(
            prefix + what,
            () => Disks.Select(disk => new Measurement<long>(value(disk, statistics(disk)), Attributes(disk))),
            unit,
            description);

    /// <summary>"feature": 1 for each that was agreed with the other end, 0 for one that was not.</summary>
    /// <param name="peer">The other end in a word.</param>
    /// <param name="decisions">What was agreed; empty before the first connection.</param>
    public void Features(string peer, Func<TDisk, IEnumerable<FeatureDecision>> decisions) =>
        _meter.CreateObservableGauge(
            prefix + "feature",
            () => Disks.SelectMany(disk => decisions(disk).Select(decision => new Measurement<long>(
                decision.Agreed is "no" or "0" ? 0 : 1,
                Attributes(disk, ("feature", decision.Name), ("agreed", decision.Agreed))))),
            "1",
            $"1 for a feature that was agreed with the {peer}, 0 for one that was not; the value is an attribute.");
}
