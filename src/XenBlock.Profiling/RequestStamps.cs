using System.Runtime.CompilerServices;

namespace XenBlock.Profiling;

/// <summary>The thirteen borders of a request's twelve phases.</summary>
[InlineArray(RequestTrace.PhaseCount + 1)]
public struct RequestStamps
{
    private long _first;
}
