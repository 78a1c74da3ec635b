using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using XenBlock.Hypervisor;
using XenBlock.Native;
using XenBlock.Protocol;
using XenBlock.Xen.Interface;

namespace XenBlock.Xen;

/// <summary>
/// One open /dev/xen/gntdev. Its driver keeps the mappings of a file in a list that it walks under a lock
/// (linux/drivers/xen/gntdev.c), so that many mappings are spread over several of these.
/// </summary>
internal sealed class GrantDevice(int number) : IDisposable
{
    private readonly SafeFileHandle _file = XenDevice.Open("/dev/xen/gntdev", "xen-gntdev");

    /// <summary>Which of the mapper's devices it is.</summary>
    internal int Number { get; } = number;

    /// <summary>Mappings that stand; the mapper's lock protects it.</summary>
    internal int MappingCount { get; set; }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>Maps grants contiguously, all or none. Linux does not say which one failed.</summary>
    /// <param name="owner">The granting domain.</param>
    /// <param name="references">The grants.</param>
    /// <param name="access">What we will do; the mapping is shared even to read, as the driver wants it.</param>
    /// <param name="index">The mapping's place in the file.</param>
    /// <param name="address">Its address.</param>
    /// <returns>0 or an errno: EINVAL for a grant that is none, ENOMEM where there is no room.</returns>
    internal int Map(
        DomainId owner,
        ReadOnlySpan<GrantReference> references,
        GrantAccess access,
        out ulong index,
        out nint address)
    {
        Span<byte> argument =
            stackalloc byte[MapGrantsArgument.SizeBytes + (references.Length * ForeignGrant.SizeBytes)];
        MapGrantsArgument head = new() { Count = (uint)references.Length };
        MemoryMarshal.Write(argument, in head);
        Span<ForeignGrant> grants = MemoryMarshal.Cast<byte, ForeignGrant>(argument[MapGrantsArgument.SizeBytes..]);
        for (int i = 0; i < grants.Length; i++)
            grants[i] = new() { Domain = owner.Value, Reference = references[i].Value };
        index = 0;
        address = 0;
        int errno = DeviceFile.Control(_file, XenIoctl.MapGrantReferences, argument, out _);
        if (errno != 0)
            return errno;

        // The ioctl only takes a place; the hypercall is made by mmap.
        index = MemoryMarshal.Read<MapGrantsArgument>(argument).Index;
        errno = DeviceFile.Map(
            _file, checked((long)index), LengthOf(references.Length), ProtectionOf(access), out address);
        if (errno != 0)
            GiveUp(index, references.Length);
        return errno;
    }

    /// <summary>Ends a mapping. Where the kernel still uses a page, it lets go of it a little later.</summary>
    internal void Unmap(ulong index, nint address, int pageCount)
    {
        // In this order: a place that is given up while it is mapped stays taken.
        int errno = DeviceFile.Unmap(address, LengthOf(pageCount));
        if (errno != 0)
            throw new InvalidOperationException($"a mapping of ours cannot be ended: {Errno.Describe(errno)}");
        GiveUp(index, pageCount);
    }

    /// <summary>
    /// Has an event sent, and a byte cleared if its offset is not -1, when a mapping ends, however that comes about.
    /// </summary>
    /// <returns>0 or an errno.</returns>
    internal int NotifyWhenUnmapped(ulong index, EventChannelPort port, int clearedOffset)
    {
        bool clears = clearedOffset >= 0;
        UnmapNotifyArgument argument = new()
        {
            Index = index + (clears ? (uint)clearedOffset : 0),
            Action = XenIoctl.UnmapNotifySendEvent | (clears ? XenIoctl.UnmapNotifyClearByte : 0),
            EventChannelPort = port.Value,
        };
        return DeviceFile.Control(
            _file, XenIoctl.SetUnmapNotify, MemoryMarshal.AsBytes(new Span<UnmapNotifyArgument>(ref argument)), out _);
    }

    /// <summary>Copies; every segment has its status if the result is 0, else none has.</summary>
    /// <returns>0 or an errno.</returns>
    internal int Copy(Span<CopySegment> segments)
    {
        CopyGrantsArgument argument = new() { Count = (uint)segments.Length };
        return DeviceFile.ControlList(
            _file,
            XenIoctl.CopyGrants,
            MemoryMarshal.AsBytes(new Span<CopyGrantsArgument>(ref argument)),
            addressOffset: 8,
            MemoryMarshal.AsBytes(segments));
    }

    private static long LengthOf(int pageCount) => (long)pageCount * ProtocolConstants.PageSizeBytes;

    private static MemoryProtection ProtectionOf(GrantAccess access) =>
        access == GrantAccess.ReadWrite ? MemoryProtection.ReadWrite : MemoryProtection.ReadOnly;

    private void GiveUp(ulong index, int pageCount)
    {
        UnmapGrantsArgument argument = new() { Index = index, Count = (uint)pageCount };
        _ = DeviceFile.Control(
            _file,
            XenIoctl.UnmapGrantReferences,
            MemoryMarshal.AsBytes(new Span<UnmapGrantsArgument>(ref argument)),
            out _);
    }
}
