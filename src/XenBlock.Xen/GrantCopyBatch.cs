using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Xen.Interface;

namespace XenBlock.Xen;

/// <summary>
/// Grant copies, as many as fit in one ioctl at a time; the driver makes hypercalls of 16 of them. One direction a
/// batch, since the driver pins our own pages for the whole batch either to read or to write.
/// </summary>
internal static class GrantCopyBatch
{
    private const int SegmentsMax = 128;

    /// <summary>Copies; every segment gets its status.</summary>
    /// <param name="device">The device to do it with.</param>
    /// <param name="owner">The granting domain.</param>
    /// <param name="direction">Which way.</param>
    /// <param name="segments">What.</param>
    /// <param name="calls">How many ioctls it took.</param>
    /// <returns>True if every segment is okay.</returns>
    internal static bool Copy(
        GrantDevice device,
        DomainId owner,
        GrantCopyDirection direction,
        Span<GrantCopySegment> segments,
        out int calls)
    {
        calls = 0;
        bool isOkay = true;
        Span<CopySegment> batch = stackalloc CopySegment[SegmentsMax];
        Span<int> places = stackalloc int[SegmentsMax];
        int count = 0;
        for (int i = 0; i < segments.Length; i++)
        {
            segments[i].Status = Judge(owner, in segments[i]);
            if (segments[i].Status == GrantStatus.Okay)
            {
                places[count] = i;
                batch[count++] = Element(owner, direction, in segments[i]);
            }

            if (count == SegmentsMax || (i == segments.Length - 1 && count != 0))
            {
                Run(device, batch[..count], places, segments);
                calls++;
                count = 0;
            }
        }

        foreach (ref readonly GrantCopySegment segment in segments)
            isOkay &= segment.Status == GrantStatus.Okay;
        return isOkay;
    }

    /// <summary>What the driver answers with one error for the whole batch is found before.</summary>
    private static GrantStatus Judge(DomainId owner, in GrantCopySegment segment)
    {
        if (owner.Value >= DomainId.FirstReserved)
            return GrantStatus.BadDomain;
        bool isInPage = segment.Local.LengthBytes <= ProtocolConstants.PageSizeBytes - segment.OffsetBytes;
        return isInPage && segment.Local.LengthBytes > 0 ? GrantStatus.Okay : GrantStatus.BadCopyArgument;
    }

    private static CopySegment Element(DomainId owner, GrantCopyDirection direction, in GrantCopySegment segment)
    {
        CopyGrant grant = new()
        {
            Reference = segment.Reference.Value,
            OffsetBytes = segment.OffsetBytes,
            Domain = owner.Value,
        };
        ulong local = checked((ulong)segment.Local.Address);
        ushort lengthBytes = (ushort)segment.Local.LengthBytes;
        return direction == GrantCopyDirection.FromGranted
            ? new()
            {
                SourceGrant = grant,
                DestinationAddress = local,
                LengthBytes = lengthBytes,
                Flags = (ushort)GrantCopyFlags.SourceIsGrant,
            }
            : new()
            {
                SourceAddress = local,
                DestinationGrant = grant,
                LengthBytes = lengthBytes,
                Flags = (ushort)GrantCopyFlags.DestinationIsGrant,
            };
    }

    private static void Run(
        GrantDevice device, Span<CopySegment> batch, ReadOnlySpan<int> places, Span<GrantCopySegment> segments)
    {
        bool hasStatuses = device.Copy(batch) == 0;
        for (int i = 0; i < batch.Length; i++)
            segments[places[i]].Status = hasStatuses ? (GrantStatus)batch[i].Status : GrantStatus.GeneralError;
    }
}
