using System.Runtime.InteropServices;
using XenBlock.Hypervisor;
using XenBlock.Native;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Xen;

/// <summary>
/// Finds out why a map failed. Linux maps all or nothing and tells user space no more than EINVAL, but a grant copy has
/// a status for each element: a byte of each page is read that way.
/// </summary>
internal sealed class GrantProbe
{
    private const int ChunkLength = 64;

    private readonly XenGrantMapper _mapper;
    private readonly byte[] _byte = GC.AllocateArray<byte>(1, pinned: true);
    private readonly PayloadSegment _local;

    internal GrantProbe(XenGrantMapper mapper)
    {
        _mapper = mapper;
        _local = new PayloadSegment(Marshal.UnsafeAddrOfPinnedArrayElement(_byte, 0), 1);
    }

    /// <summary>Fills in the status of each element, and returns the first that is not okay.</summary>
    internal GrantStatus Explain(
        DomainId owner,
        ReadOnlySpan<GrantReference> references,
        GrantAccess access,
        int errno,
        Span<GrantStatus> statuses)
    {
        if (owner.Value >= DomainId.FirstReserved)
            return Fill(statuses, GrantStatus.BadDomain);
        if (errno is Errno.ENOMEM or Errno.ENOSPC)
            return Fill(statuses, GrantStatus.NoDeviceSpace);
        if (ReadEach(owner, references, statuses) is var read and not GrantStatus.Okay)
            return read;

        // All can be read. What cannot be mapped to write is granted to read only; if nothing is wrong with any, there
        // was no room for all of them.
        for (int i = 0; access == GrantAccess.ReadWrite && i < references.Length; i++)
        {
            if (_mapper.TryMap(owner, references.Slice(i, 1), access, out GrantMapping trial) == 0)
                _mapper.End(in trial);
            else
                return statuses[i] = GrantStatus.PermissionDenied;
        }

        return Fill(statuses, GrantStatus.NoDeviceSpace);
    }

    private static GrantStatus Fill(Span<GrantStatus> statuses, GrantStatus status)
    {
        statuses.Fill(status);
        return status;
    }

    private GrantStatus ReadEach(
        DomainId owner, ReadOnlySpan<GrantReference> references, Span<GrantStatus> statuses)
    {
        GrantStatus first = GrantStatus.Okay;
        Span<GrantCopySegment> segments = stackalloc GrantCopySegment[ChunkLength];
        for (int start = 0; start < references.Length; start += ChunkLength)
        {
            Span<GrantCopySegment> chunk = segments[..Math.Min(ChunkLength, references.Length - start)];
            for (int i = 0; i < chunk.Length; i++)
                chunk[i] = new() { Reference = references[start + i], Local = _local };
            _ = _mapper.Copy(owner, GrantCopyDirection.FromGranted, chunk);
            for (int i = 0; i < chunk.Length; i++)
            {
                statuses[start + i] = chunk[i].Status;
                if (first == GrantStatus.Okay)
                    first = chunk[i].Status;
            }
        }

        return first;
    }
}
