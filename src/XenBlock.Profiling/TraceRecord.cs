using System.Runtime.InteropServices;

namespace XenBlock.Profiling;

/// <summary>
/// One event: 32 bytes, laid out as they lie in a packet of CTF 1.8 (header: time and kind; context: queue; fields).
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public readonly struct TraceRecord(
    long timeNs, TraceEventKind kind, int queue, uint amount, ulong request, ulong detail)
{
    /// <summary>Bytes of a record.</summary>
    public const int SizeBytes = 32;

    /// <summary>Nanoseconds of CLOCK_MONOTONIC.</summary>
    [field: FieldOffset(0)]
    public long TimeNs { get; } = timeNs;

    /// <summary>What it says.</summary>
    [field: FieldOffset(8)]
    public TraceEventKind Kind { get; } = kind;

    /// <summary>The queue's index.</summary>
    [field: FieldOffset(10)]
    public ushort Queue { get; } = (ushort)queue;

    /// <summary>Bytes of a request, or how many requests a shared stamp is for, or a status.</summary>
    [field: FieldOffset(12)]
    public uint Amount { get; } = amount;

    /// <summary>The request's id as it is on the ring; 0 where many share the record.</summary>
    [field: FieldOffset(16)]
    public ulong Request { get; } = request;

    /// <summary>What else there is to say: another time, a sector, whether an event was sent.</summary>
    [field: FieldOffset(24)]
    public ulong Detail { get; } = detail;
}
