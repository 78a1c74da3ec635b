using XenBlock.Protocol;

namespace XenBlock.XenStore;

/// <summary>A virtual block device as a toolstack is told to make it.</summary>
public sealed record VbdSpecification
{
    /// <summary>The domain that uses it.</summary>
    public required DomainId Frontend { get; init; }

    /// <summary>The domain that serves it; dom0 if nothing is said.</summary>
    public DomainId Backend { get; init; }

    /// <summary>Its number in the frontend's domain.</summary>
    public required VbdNumber Vbd { get; init; }

    /// <summary>What the backend should open: a file, a device; empty if the backend knows.</summary>
    public string Params { get; init; } = "";

    /// <summary>The kind of backend (libxl: "phy", "qdisk", "tap").</summary>
    public string Type { get; init; } = "phy";

    /// <summary>"disk" or "cdrom".</summary>
    public string DeviceType { get; init; } = "disk";

    /// <summary>True if the frontend may not write.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>True if the medium can be taken out.</summary>
    public bool IsRemovable { get; init; }

    /// <summary>True if a guest may boot from it.</summary>
    public bool IsBootable { get; init; }

    /// <summary>False if the backend may not offer discard.</summary>
    public bool IsDiscardEnabled { get; init; } = true;

    /// <summary>False if the frontend shall keep its own data out of shared pages (XSA-403).</summary>
    public bool IsTrusted { get; init; } = true;

    /// <summary>The script that libxl runs when it takes the disk away; null to name none.</summary>
    public string? Script { get; init; }

    /// <summary>Who makes the nodes, if they are to say so; see <see cref="Protocol.VbdKeys.MadeBy"/>.</summary>
    public string? MadeBy { get; init; }

    /// <summary>How the backend shall reach pages; null if it is to choose.</summary>
    public string? Access { get; init; }
}
