using XenBlock.Backend;

namespace XenBlock.Soak;

/// <summary>What a run did.</summary>
internal sealed class SoakCounts
{
    private long _reads;
    private long _writes;
    private long _flushes;
    private long _discards;
    private long _replayed;
    private long _connections;
    private long _managedBytesMax;
    private int _frontendsStopped;

    public int FrontendsKilled { get; set; }

    public int BackendsKilled { get; set; }

    public int BackendsStopped { get; set; }

    public int JournalsLeft { get; set; }

    public int BarrierLives { get; set; }

    public long Barriers { get; set; }

    /// <summary>Lives of a backend by its way of access.</summary>
    public int[] Access { get; } = new int[Enum.GetValues<PayloadAccess>().Length];

    public void Add(FrontendReport report)
    {
        _frontendsStopped++;
        _reads += report.Reads;
        _writes += report.Writes;
        _flushes += report.Flushes;
        _discards += report.Discards;
        _replayed += report.Replayed;
        _connections += report.Connections;
        _managedBytesMax = Math.Max(_managedBytesMax, report.ManagedBytes);
    }

    public override string ToString()
    {
        string lives = string.Join(
            ", ", Enum.GetValues<PayloadAccess>().Select(access => $"{access} {Access[(int)access]}"));
        return "no mismatch, nothing lost or doubled, nothing leaked: "
            + $"frontends stopped {_frontendsStopped}, killed {FrontendsKilled}; "
            + $"backends stopped {BackendsStopped}, killed {BackendsKilled} ({JournalsLeft} with a journal), "
            + $"lives: {lives}, with barriers only {BarrierLives}; of the frontends that stopped: reads {_reads}, "
            + $"writes {_writes}, flushes {_flushes} (barriers that a stopped backend saw: {Barriers}), "
            + $"discards {_discards}, connections {_connections}, replayed {_replayed}, "
            + $"managed memory at most {_managedBytesMax >> 10} KiB";
    }
}
