using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Emulator;

/// <summary>Grant copy: the checks of a mapping, then a copy within the granter's standing memory.</summary>
internal readonly struct GrantCopier(MachineMemory memory, DomainId domain, uint mark)
{
    /// <summary>
    /// Elements per hold of the granter's lock, as many as gntdev puts in a hypercall: who waits does not wait long. A
    /// page is in use for as long as it is copied, so that the granter cannot revoke it meanwhile.
    /// </summary>
    private const int CopiesPerHold = 16;

    /// <summary>Copies all elements; true if all are okay.</summary>
    internal bool Copy(
        int slot, DomainMemory granter, GrantCopyDirection direction, Span<GrantCopySegment> segments)
    {
        bool okay = true;
        for (int first = 0; first < segments.Length; first += CopiesPerHold)
        {
            Span<GrantCopySegment> part = segments[first..Math.Min(first + CopiesPerHold, segments.Length)];
            SharedLock.Enter(memory, memory.Layout.GrantLock(slot), mark);
            bool isThere = granter.IsIn(memory, slot);
            foreach (ref GrantCopySegment segment in part)
            {
                segment.Status = isThere
                    ? CopyOne(new GranterTable(memory, slot), granter, direction, segment)
                    : GrantStatus.BadDomain;
                okay &= segment.Status == GrantStatus.Okay;
            }

            SharedLock.Exit(memory, memory.Layout.GrantLock(slot));
        }

        return okay;
    }

    private GrantStatus CopyOne(
        GranterTable table, DomainMemory granter, GrantCopyDirection direction, in GrantCopySegment segment)
    {
        nint lengthBytes = segment.Local.LengthBytes;
        if (lengthBytes < 0 || lengthBytes > ProtocolConstants.PageSizeBytes - segment.OffsetBytes)
            return GrantStatus.BadCopyArgument;
        GrantAccess access = direction == GrantCopyDirection.ToGranted ? GrantAccess.ReadWrite : GrantAccess.ReadOnly;
        GrantStatus status = table.Acquire(segment.Reference, domain, access, out uint frame);
        if (status != GrantStatus.Okay)
            return status;
        int offset = ((int)frame * ProtocolConstants.PageSizeBytes) + segment.OffsetBytes;
        if (direction == GrantCopyDirection.ToGranted)
            granter.Pages.CopyIn(offset, segment.Local.AsSpan());
        else
            granter.Pages.CopyOut(offset, segment.Local.AsSpan());
        table.Release(segment.Reference, access);
        return GrantStatus.Okay;
    }
}
