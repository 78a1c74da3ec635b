namespace XenBlock.Backend;

/// <summary>The two ways between which <see cref="PayloadAccess.Auto"/> chooses for each request.</summary>
public enum AccessWay
{
    /// <summary>The request's pages are mapped, or kept mapped already.</summary>
    Map,

    /// <summary>They are copied.</summary>
    Copy,
}
