using XenBlock.Backend;
using XenBlock.Profiling;
using XenBlock.Protocol;

namespace XenBlock.Cli.Bench;

/// <summary>One way into the image: a vbd with a mode of its own. All of them serve the same store.</summary>
/// <param name="Mode">The largest request to offer and to wish for.</param>
/// <param name="Access">How the backend reaches the pages.</param>
/// <param name="Index">0 for xvda.</param>
internal sealed record BenchDisk(TransferMode Mode, AccessChoice Access, int Index)
{
    /// <summary>Its name in the frontend's domain.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string Vdev => "xvd" + (char)('a' + Index);

    /// <summary>Its number.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public VbdNumber Number => VbdName.Parse(Vdev);

    /// <summary>How it is served.</summary>
    public ServedDiskOptions ServedOptions(bool isReadOnly, TraceSession? trace = null) => new()
    {
        IndirectSegmentsMax = Mode.IndirectSegmentsMax,
        Access = AccessOf(Access),

        // As many as the buffers of the deepest point have: fewer would measure how they push each other out.
        PersistentPagesMax = ServedDiskOptions.PersistentPagesCeiling,
        ReadOnly = isReadOnly,
        Trace = trace,
    };

    /// <summary>The backend's word for an access.</summary>
    public static PayloadAccess AccessOf(AccessChoice access) => access switch
    {
        AccessChoice.Map => PayloadAccess.Map,
        AccessChoice.Batch => PayloadAccess.Batch,
        AccessChoice.Persistent => PayloadAccess.Persistent,
        AccessChoice.Auto => PayloadAccess.Auto,
        _ => PayloadAccess.Copy,
    };
}
