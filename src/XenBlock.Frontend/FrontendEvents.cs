using System.Diagnostics.Tracing;

namespace XenBlock.Frontend;

/// <summary>
/// The rare things of a device, for dotnet-trace and other listeners: connections, and what ends them. Never one an
/// operation: those have counters and traces.
/// </summary>
[EventSource(Name = SourceName)]
public sealed class FrontendEvents : EventSource
{
    /// <summary>The source's name, to be given to a listener.</summary>
    public const string SourceName = "XenBlock-Frontend";

    private FrontendEvents()
    {
    }

    /// <summary>The one that this process has.</summary>
    public static FrontendEvents Log { get; } = new();

    /// <summary>A device is connected, for the first time or again.</summary>
    /// <param name="disk">The disk, as "xvda".</param>
    /// <param name="connections">Its connections so far, this one included.</param>
    /// <param name="features">What was agreed, "name: value" by name.</param>
    [Event(1, Level = EventLevel.Informational, Message = "{0} connected ({1}): {2}")]
    public void Connected(string disk, int connections, string features) => WriteEvent(1, disk, connections, features);

    /// <summary>A connection ended.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="reason">Why, in a sentence.</param>
    [Event(2, Level = EventLevel.Warning, Message = "{0}: {1}")]
    public void Lost(string disk, string reason) => WriteEvent(2, disk, reason);
}
