using System.Diagnostics.Tracing;

namespace XenBlock.Backend;

/// <summary>
/// The rare things of a backend, for dotnet-trace and other listeners: connections, and what goes wrong. Never one a
/// request: those have counters and traces.
/// </summary>
[EventSource(Name = SourceName)]
public sealed class BackendEvents : EventSource
{
    /// <summary>The source's name, to be given to a listener.</summary>
    public const string SourceName = "XenBlock-Backend";

    private BackendEvents()
    {
    }

    /// <summary>The one that this process has.</summary>
    public static BackendEvents Log { get; } = new();

    /// <summary>A frontend is connected.</summary>
    /// <param name="domain">The frontend's domain.</param>
    /// <param name="disk">The disk there, as "xvda".</param>
    /// <param name="features">What was agreed, "name: value" by name.</param>
    [Event(1, Level = EventLevel.Informational, Message = "domain {0} {1} connected: {2}")]
    public void Connected(int domain, string disk, string features) => WriteEvent(1, domain, disk, features);

    /// <summary>A connection ended.</summary>
    /// <param name="domain">The frontend's domain.</param>
    /// <param name="disk">The disk there.</param>
    [Event(2, Level = EventLevel.Informational, Message = "domain {0} {1} disconnected")]
    public void Disconnected(int domain, string disk) => WriteEvent(2, domain, disk);

    /// <summary>Something went wrong between the ends: a connection that could not be made, or had to end.</summary>
    /// <param name="domain">The frontend's domain.</param>
    /// <param name="disk">The disk there.</param>
    /// <param name="problem">What, in a sentence.</param>
    [Event(3, Level = EventLevel.Warning, Message = "domain {0} {1} failed: {2}")]
    public void Failed(int domain, string disk, string problem) => WriteEvent(3, domain, disk, problem);

    /// <summary>A disk is not served any more.</summary>
    /// <param name="domain">The frontend's domain.</param>
    /// <param name="disk">The disk there.</param>
    /// <param name="reason">Why, in a sentence.</param>
    [Event(4, Level = EventLevel.Informational, Message = "domain {0} {1} ended: {2}")]
    public void Ended(int domain, string disk, string reason) => WriteEvent(4, domain, disk, reason);
}
