namespace XenBlock.Backend;

/// <summary>What a turn of the pump left.</summary>
internal enum PumpOutcome
{
    /// <summary>The ring is empty: arm the event and look once more before sleeping.</summary>
    Idle,

    /// <summary>The budget of the turn is used up; there may be more at once.</summary>
    Busy,

    /// <summary>Only a completion of the store's pipeline lets it go on.</summary>
    Blocked,

    /// <summary>The frontend broke the ring's rules: the connection must end.</summary>
    Faulted,
}
