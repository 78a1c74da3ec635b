using System.IO.Compression;

namespace XenBlock.Profiling.Views;

/// <summary>
/// Requests as columns of small numbers, deflated: what a report carries so that a browser can draw every request. Of
/// 125,000 requests it makes two to three megabytes.
/// </summary>
/// <remarks>
/// All numbers are varints: seven bits a byte, the lowest first, the eighth says that more follow; signed ones are
/// zigzag. First the count, then the columns one after the other: kind, queue, slot, sector (signed difference to the
/// request before), bytes, T0 (difference to the request before, the first to the origin), and then T1 to T13, each
/// with a mode before it: 0 for what lies between it and the stamp before it, 1 for the signed difference to the same
/// stamp of the request before. A batch shares its stamps, so for some columns the one is much smaller, for some the
/// other; the smaller one after deflating is taken. The whole is deflated once more without a header (RFC 1951).
/// </remarks>
public static class RequestColumns
{
    /// <summary>Columns in front of the stamps after T0.</summary>
    public const int PlainColumns = 6;

    /// <summary>A stamp is what lies between it and the one before it.</summary>
    public const byte ByPhase = 0;

    /// <summary>A stamp is the difference to the same one of the request before.</summary>
    public const byte ByNeighbour = 1;

    /// <summary>Packs requests.</summary>
    /// <param name="requests">In the order of their first stamps.</param>
    /// <param name="originNs">What the first stamp is counted from, in nanoseconds of the trace's clock.</param>
    public static byte[] Pack(IReadOnlyList<RequestTrace> requests, long originNs)
    {
        using var whole = new MemoryStream();
        using (var deflate = new DeflateStream(whole, CompressionLevel.Optimal, leaveOpen: true))
        {
            deflate.Write(Column([(ulong)requests.Count]));
            deflate.Write(Column(requests.Select(request => (ulong)request.Kind)));
            deflate.Write(Column(requests.Select(request => (ulong)request.Queue)));
            deflate.Write(Column(requests.Select(request => request.Id & uint.MaxValue)));
            deflate.Write(Column(Differences(requests.Select(request => (long)request.Sector), 0).Select(Zigzag)));
            deflate.Write(Column(requests.Select(request => (ulong)request.LengthBytes)));
            deflate.Write(Column(
                Differences(requests.Select(request => request.Stamps[0]), originNs).Select(one => (ulong)one)));
            for (int stamp = 1; stamp <= RequestTrace.PhaseCount; stamp++) deflate.Write(StampColumn(requests, stamp));
        }

        return whole.ToArray();
    }

    private static byte[] StampColumn(IReadOnlyList<RequestTrace> requests, int stamp)
    {
        byte[] byPhase = Column(
            requests.Select(request => (ulong)(request.Stamps[stamp] - request.Stamps[stamp - 1])), ByPhase);
        long first = requests.Count == 0 ? 0 : requests[0].Stamps[0];
        byte[] byNeighbour = Column(
            Differences(requests.Select(request => request.Stamps[stamp]), first).Select(Zigzag), ByNeighbour);
        return DeflatedLength(byNeighbour) < DeflatedLength(byPhase) ? byNeighbour : byPhase;
    }

    private static IEnumerable<long> Differences(IEnumerable<long> values, long before)
    {
        foreach (long value in values)
        {
            yield return value - before;
            before = value;
        }
    }

    private static ulong Zigzag(long value) => unchecked((ulong)((value << 1) ^ (value >> 63)));

    private static byte[] Column(IEnumerable<ulong> values, byte? mode = null)
    {
        using var bytes = new MemoryStream();
        if (mode is { } first) bytes.WriteByte(first);
        foreach (ulong value in values)
        {
            ulong rest = value;
            for (; rest >= 0x80; rest >>= 7) bytes.WriteByte((byte)((rest & 0x7f) | 0x80));
            bytes.WriteByte((byte)rest);
        }

        return bytes.ToArray();
    }

    private static long DeflatedLength(byte[] column)
    {
        using var counted = new MemoryStream();
        using (var deflate = new DeflateStream(counted, CompressionLevel.Fastest, leaveOpen: true))
            deflate.Write(column);
        return counted.Length;
    }
}
