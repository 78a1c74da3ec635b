namespace XenBlock.Profiling;

/// <summary>Which ends a request's stamps are of.</summary>
public enum TracedPart
{
    /// <summary>Both: each of the twelve phases is what it says.</summary>
    Whole,

    /// <summary>
    /// The frontend alone: what lies between its notifying and its taking the response, elsewhere, stands where the
    /// completion wake does; the phases of the backend are 0.
    /// </summary>
    Frontend,

    /// <summary>The backend alone, from the beginning of its turn to the published response; all else is 0.</summary>
    Backend,
}
