namespace XenBlock.Conformance;

/// <summary>A frontend, its user, and the toolstack between: what a check of frontends needs of the world.</summary>
public interface IFrontendUnderTest
{
    /// <summary>
    /// Makes the disk's nodes, as a toolstack does: the backend's directory, which the frontend need not see yet.
    /// </summary>
    Task MakeDiskAsync(CancellationToken cancellationToken);

    /// <summary>Shows the disk to the frontend, now that the backend waits for it.</summary>
    Task ShowDiskAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Has the frontend's user read and write, within some seconds: at least some hundred requests, with data that it
    /// checks, and flushes and discards where they are offered. Where the frontend is a part of its user, this is
    /// what connects it.
    /// </summary>
    /// <param name="stage">What the backend does meanwhile.</param>
    /// <param name="cancellationToken">Ends the traffic, whatever becomes of it.</param>
    Task<TrafficOutcome> RunTrafficAsync(FrontendStage stage, CancellationToken cancellationToken);

    /// <summary>Takes the nodes away, whatever state they are in.</summary>
    Task RemoveDiskAsync();
}
