using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using XenBlock.Hypervisor;
using XenBlock.Native;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.Xen.Interface;

namespace XenBlock.Xen;

/// <summary>
/// Pages of our own that are granted to a peer, from /dev/xen/gntalloc. The driver grants a page, to read or also to
/// write, when it makes it, and takes the grant back when the page is given back and the peer has let go
/// (linux/drivers/xen/gntalloc.c): so offers stand until then.
/// </summary>
internal sealed class XenGrantTable : IGrantTable, IDisposable
{
    private const string Limit = "/sys/module/xen_gntalloc/parameters/limit";

    private readonly Lock _gate = new();
    private SafeFileHandle? _device;
    private bool _closed;

    /// <inheritdoc/>
    public GrantLifetime Lifetime => GrantLifetime.UntilFreed;

    /// <inheritdoc/>
    public GrantablePages AllocatePages(
        DomainId peer, int pageCount, GrantAccess access = GrantAccess.ReadWrite)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pageCount, 1);
        SafeFileHandle device = Device();
        byte[] argument = new byte[AllocateGrantsArgument.SizeBytes + (Math.Max(2, pageCount) * sizeof(uint))];
        AllocateGrantsArgument head = new()
        {
            Domain = peer.Value,
            Flags = access == GrantAccess.ReadWrite ? XenIoctl.AllocateWritable : (ushort)0,
            Count = (uint)pageCount,
        };
        MemoryMarshal.Write(argument, in head);
        int errno = DeviceFile.Control(device, XenIoctl.AllocateGrants, argument, out _);
        if (errno != 0)
            throw Failure(pageCount, errno);
        ulong index = MemoryMarshal.Read<AllocateGrantsArgument>(argument).Index;
        Span<uint> numbers = MemoryMarshal.Cast<byte, uint>(argument.AsSpan(AllocateGrantsArgument.SizeBytes));
        var references = new GrantReference[pageCount];
        for (int i = 0; i < pageCount; i++)
            references[i] = new GrantReference(numbers[i]);
        int lengthBytes = checked(pageCount * ProtocolConstants.PageSizeBytes);
        errno = DeviceFile.Map(
            device, checked((long)index), lengthBytes, MemoryProtection.ReadWrite, out nint address);
        if (errno == 0)
            return new XenPages(this, index, references, new SharedPages(address, lengthBytes));
        GiveUp(device, index, pageCount);
        throw Failure(pageCount, errno);
    }

    /// <inheritdoc/>
    public GrantStatus Offer(GrantablePages pages, int firstPage, GrantAccess access, Span<GrantReference> references)
    {
        XenPages own = pages as XenPages
            ?? throw new ArgumentException("The pages are not this domain's.", nameof(pages));
        own.References.AsSpan(firstPage, references.Length).CopyTo(references);
        return GrantStatus.Okay;
    }

    /// <inheritdoc/>
    public int Revoke(ReadOnlySpan<GrantReference> references, Span<bool> revoked)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(revoked.Length, references.Length, nameof(revoked));
        revoked.Fill(true);
        return references.Length;
    }

    /// <summary>Allocates no more. Pages that are out there stay until they are given back.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            _device?.Dispose();
        }
    }

    /// <summary>Gives pages back; the driver sets those aside that the peer still has mapped (S14).</summary>
    internal void Return(XenPages pages)
    {
        int errno = DeviceFile.Unmap(pages.Pages.Address, pages.Pages.LengthBytes);
        if (errno != 0)
            throw new InvalidOperationException($"pages of ours cannot be given back: {Errno.Describe(errno)}");
        lock (_gate)
        {
            // A device that is closed has given up everything by itself.
            if (!_closed && _device is { } device)
                GiveUp(device, pages.Index, pages.References.Length);
        }
    }

    private static void GiveUp(SafeFileHandle device, ulong index, int pageCount)
    {
        DeallocateGrantsArgument argument = new() { Index = index, Count = (uint)pageCount };
        _ = DeviceFile.Control(
            device,
            XenIoctl.DeallocateGrants,
            MemoryMarshal.AsBytes(new Span<DeallocateGrantsArgument>(ref argument)),
            out _);
    }

    private static XenBlockException Failure(int pageCount, int errno)
    {
        string limit = File.Exists(Limit) ? File.ReadAllText(Limit).Trim() : "not known";
        string pages = pageCount.ToString("N0", CultureInfo.InvariantCulture);
        return errno is Errno.ENOSPC or Errno.ENOMEM
            ? new XenBlockException(
                XenBlockErrorKind.NoSpace,
                $"gntalloc has no room for {pages} more pages that can be granted (its limit for the whole domain is "
                    + $"{limit}); raise it: echo 16384 > {Limit}",
                errno)
            : new XenBlockException(
                XenBlockErrorKind.InputOutput,
                $"gntalloc does not give {pages} pages: {Errno.Describe(errno)}; look at the kernel's messages "
                    + "(dmesg).",
                errno);
    }

    private SafeFileHandle Device()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(XenDomain));
            return _device ??= XenDevice.Open("/dev/xen/gntalloc", "xen-gntalloc");
        }
    }
}
