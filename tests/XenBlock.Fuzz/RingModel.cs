using System.Runtime.InteropServices;
using XenBlock.Backend;
using XenBlock.Protocol;

namespace XenBlock.Fuzz;

/// <summary>
/// What a backend has to do with a ring's requests, said plainly: a disk that is an array, pages that are an array, one
/// request after the other by <see cref="RequestRule"/>. Shares no code with the pump.
/// </summary>
/// <param name="input">The disk and the ring.</param>
/// <param name="pages">The granted pages; changed as the backend has to change them.</param>
/// <param name="disk">The disk's bytes; changed likewise.</param>
internal sealed class RingModel(RingInput input, byte[] pages, byte[] disk)
{
    private const int PageBytes = 4096;

    private readonly HashSet<uint> _pagesRead = [];

    /// <summary>
    /// Requests that are on the ring together begin: nobody promises in what order, so a page that one of them reads
    /// into says nothing to the others.
    /// </summary>
    public void BeginTurn() => _pagesRead.Clear();

    /// <summary>
    /// True once a read named the same sectors of a page twice: which of the two data stay there nobody promises, so
    /// from then on only the number of responses is sure.
    /// </summary>
    public bool IsUnspecified { get; private set; }

    /// <summary>Carries out one request, and says how it has to be answered.</summary>
    public BlockResponse Answer(ReadOnlySpan<byte> slot)
    {
        BlockRequest request = RequestRule.Decode(input.Abi, slot);
        return new BlockResponse
        {
            Id = request.Id,
            Operation = request.Operation,
            Status = Run(in request),
        };
    }

    private BlkifStatus Run(in BlockRequest request)
    {
        DiskLimits limits = input.Limits;
        BlkifSegment[] segments = [];
        if (request.IsIndirect)
        {
            if (Refusal(in request, in limits, null) is { } refused) return refused;
            if (!TryReadSegments(in request, out segments)) return BlkifStatus.Error;
        }
        else if (request.Operation != BlkifOperation.Discard)
        {
            int inSlot = Math.Min((int)request.SegmentCount, ProtocolConstants.DirectSegmentsMax);
            segments = ((ReadOnlySpan<BlkifSegment>)request.Segments)[..inSlot].ToArray();
        }

        if (Refusal(in request, in limits, segments) is { } status) return status;
        if (request.Operation != BlkifOperation.Discard) return Move(in request, segments);
        disk.AsSpan((int)request.SectorFirst * 512, (int)request.SectorCount * 512).Clear();
        return BlkifStatus.Okay;
    }

    private static BlkifStatus? Refusal(in BlockRequest request, in DiskLimits limits, BlkifSegment[]? segments)
    {
        if (RequestRule.Holds(RequestVerdict.Accepted, in request, in limits, segments)) return null;

        // More than one rule may be broken; a frontend that used what was not offered is to be told of that first.
        RequestVerdict[] notOffered =
        [
            RequestVerdict.UnknownOperation, RequestVerdict.FlushNotOffered, RequestVerdict.BarrierNotOffered,
            RequestVerdict.DiscardNotOffered, RequestVerdict.IndirectNotOffered,
        ];
        foreach (RequestVerdict verdict in notOffered)
        {
            if (RequestRule.Holds(verdict, in request, in limits, segments)) return BlkifStatus.NotSupported;
        }

        // Nothing may be discarded on a read-only disk, securely or not.
        return !limits.IsReadOnly
            && RequestRule.Holds(RequestVerdict.SecureDiscardNotOffered, in request, in limits, segments)
                ? BlkifStatus.NotSupported
                : BlkifStatus.Error;
    }

    private bool TryReadSegments(in BlockRequest request, out BlkifSegment[] segments)
    {
        segments = new BlkifSegment[request.SegmentCount];
        int pageCount = (segments.Length + 511) / 512;
        for (int page = 0; page < pageCount; page++)
        {
            if (!IsGranted(request.IndirectGrants[page])) return false;
            IsUnspecified |= _pagesRead.Contains(request.IndirectGrants[page]);
        }

        for (int i = 0; i < segments.Length; i++)
        {
            int page = (int)(request.IndirectGrants[i / 512] - RingInput.FirstGrant);
            segments[i] = MemoryMarshal.Read<BlkifSegment>(pages.AsSpan((page * PageBytes) + (i % 512 * 8), 8));
        }

        return true;
    }

    private BlkifStatus Move(in BlockRequest request, BlkifSegment[] segments)
    {
        if (segments.Length == 0) return BlkifStatus.Okay; // a flush or barrier alone: its sector means nothing
        bool isRead = request.Operation == BlkifOperation.Read;
        bool isReachable = Array.TrueForAll(
            segments, segment => IsGranted(segment.Grant) && (!isRead || IsWritable(segment.Grant)));
        // A copy has a verdict for each segment: the good ones are copied whatever becomes of the others.
        if (!isReachable && !(isRead && input.Access == PayloadAccess.Copy))
        {
            // What auto chooses depends on the clock: nothing was moved, or the good ones were.
            IsUnspecified |= isRead && input.Access == PayloadAccess.Auto;
            return BlkifStatus.Error;
        }

        IsUnspecified |= isRead && NamesTwice(segments);
        IsUnspecified |= Array.Exists(segments, segment => _pagesRead.Contains(segment.Grant));
        if (isRead) _pagesRead.UnionWith(segments.Select(segment => segment.Grant));
        int at = (int)request.SectorFirst * 512;
        foreach (BlkifSegment segment in segments)
        {
            int length = (segment.LastSector - segment.FirstSector + 1) * 512;
            if (IsGranted(segment.Grant) && (!isRead || IsWritable(segment.Grant)))
            {
                int page = (int)(segment.Grant - RingInput.FirstGrant);
                Span<byte> inPage = pages.AsSpan((page * PageBytes) + (segment.FirstSector * 512), length);
                Span<byte> onDisk = disk.AsSpan(at, length);
                if (isRead) onDisk.CopyTo(inPage);
                else inPage.CopyTo(onDisk);
            }

            at += length;
        }

        return isReachable ? BlkifStatus.Okay : BlkifStatus.Error;
    }

    private static bool NamesTwice(BlkifSegment[] segments)
    {
        var seen = new HashSet<(uint, int)>();
        return Array.Exists(segments, segment =>
        {
            for (int sector = segment.FirstSector; sector <= segment.LastSector; sector++)
            {
                if (!seen.Add((segment.Grant, sector))) return true;
            }

            return false;
        });
    }

    private static bool IsGranted(uint grant) =>
        grant is >= RingInput.FirstGrant and < RingInput.FirstGrant + RingInput.PageCount;

    private static bool IsWritable(uint grant) => grant < RingInput.FirstGrant + RingInput.ReadOnlyFrom;
}
