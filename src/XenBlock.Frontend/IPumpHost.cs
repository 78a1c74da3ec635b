namespace XenBlock.Frontend;

/// <summary>Whoever runs the pumps of a device: threads of the device's own, or the caller's.</summary>
internal interface IPumpHost
{
    /// <summary>Requests on the rings.</summary>
    int InFlight { get; }

    /// <summary>What was done so far, by the queue's index; as many as there can be.</summary>
    IReadOnlyList<FrontendCounters> Counters { get; }

    /// <summary>Starts on a connection.</summary>
    void Attach(DeviceConnection connection);

    /// <summary>Lets what is on the ring be answered, and puts nothing more on it.</summary>
    void Pause();

    /// <summary>
    /// Ends the use of the connection. When the task completes, nothing touches it any more.
    /// </summary>
    /// <param name="end">Why, and what it means for operations.</param>
    /// <param name="keepWaiting">
    /// Operations wait for the next connection, and what was on the ring is done again.
    /// </param>
    Task DetachAsync(ConnectionEnd end, bool keepWaiting);

    /// <summary>Ends what the backend still had when we detached; only after it let go.</summary>
    void RevokeAbandoned();
}
