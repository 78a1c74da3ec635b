using XenBlock.Hypervisor;
using XenBlock.Native;
using XenBlock.Protocol;

namespace XenBlock.Xen;

/// <summary>Maps and copies what other domains granted to us, through /dev/xen/gntdev.</summary>
internal sealed class XenGrantMapper : IGrantMapper, IDisposable
{
    private const int DevicesMax = 64;
    private const int MappingsPerDevice = 64;
    private const int DeviceNumberMask = ProtocolConstants.PageSizeBytes - 1;

    private readonly Lock _gate = new();
    private readonly GrantDevice?[] _devices = new GrantDevice?[DevicesMax];
    private readonly Dictionary<ulong, GrantMapping> _standing = new(capacity: 1024);
    private readonly GrantProbe _probe;
    private int _deviceCount;
    private GrantMapperStatistics _statistics;
    private bool _closed;

    internal XenGrantMapper() => _probe = new GrantProbe(this);

    /// <inheritdoc/>
    public GrantMapperStatistics Statistics
    {
        get
        {
            lock (_gate)
                return _statistics;
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The driver takes 65,536 a call unless its parameter <c>limit</c> says less; the largest request needs this.
    /// </remarks>
    public int PagesPerMapMax => 4096;

    /// <inheritdoc/>
    public GrantStatus Map(
        DomainId owner,
        ReadOnlySpan<GrantReference> references,
        GrantAccess access,
        Span<GrantStatus> statuses,
        out GrantMapping mapping)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(references.Length, 1, nameof(references));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(references.Length, PagesPerMapMax, nameof(references));
        ArgumentOutOfRangeException.ThrowIfNotEqual(statuses.Length, references.Length, nameof(statuses));
        int errno = TryMap(owner, references, access, out mapping);
        lock (_gate)
        {
            _statistics = _statistics with
            {
                MapCalls = _statistics.MapCalls + 1,
                PagesMapped = _statistics.PagesMapped + mapping.PageCount,
            };
        }

        if (errno != 0)
            return _probe.Explain(owner, references, access, errno, statuses);
        statuses.Clear(); // okay is zero
        return GrantStatus.Okay;
    }

    /// <inheritdoc/>
    /// <remarks>Every mapping is a place of its own in the driver: a system call, and a hypercall, for each.</remarks>
    public void Unmap(ReadOnlySpan<GrantMapping> mappings)
    {
        foreach (ref readonly GrantMapping mapping in mappings)
            Unmap(in mapping);
    }

    /// <inheritdoc/>
    public bool Copy(DomainId owner, GrantCopyDirection direction, Span<GrantCopySegment> segments)
    {
        bool isOkay = GrantCopyBatch.Copy(AnyDevice(), owner, direction, segments, out int calls);
        lock (_gate)
        {
            _statistics = _statistics with
            {
                CopyCalls = _statistics.CopyCalls + calls,
                SegmentsCopied = _statistics.SegmentsCopied + segments.Length,
            };
        }

        return isOkay;
    }

    /// <inheritdoc/>
    public void NotifyWhenUnmapped(in GrantMapping mapping, IEventChannel channel, int clearedOffset = -1)
    {
        GrantDevice device = DeviceOf(in mapping);
        int errno = device.NotifyWhenUnmapped(IndexOf(in mapping), channel.LocalPort, clearedOffset);
        if (errno != 0)
        {
            throw new XenBlockException(
                XenBlockErrorKind.InputOutput,
                $"gntdev does not take the event channel {channel.LocalPort} to tell of the end of a mapping: "
                    + $"{Errno.Describe(errno)}; look at the kernel's messages (dmesg).",
                errno);
        }
    }

    /// <summary>Ends everything. Nobody may use a mapping any more.</summary>
    public void Dispose()
    {
        GrantMapping[] rest;
        lock (_gate)
        {
            _closed = true;
            rest = [.. _standing.Values];
        }

        Unmap(rest);
        foreach (GrantDevice? device in _devices)
            device?.Dispose();
    }

    /// <summary>Maps, without counting and without looking for the reason of a failure.</summary>
    /// <returns>0 or an errno.</returns>
    internal int TryMap(
        DomainId owner, ReadOnlySpan<GrantReference> references, GrantAccess access, out GrantMapping mapping)
    {
        mapping = default;

        // The driver cuts the domain to 16 bits and takes DOMID_SELF for what it is; the contract does not.
        if (owner.Value >= DomainId.FirstReserved)
            return Errno.EINVAL;
        GrantDevice device = TakeDevice();
        int errno = device.Map(owner, references, access, out ulong index, out nint address);
        lock (_gate)
        {
            if (errno != 0)
            {
                device.MappingCount--;
                return errno;
            }

            // The index is a multiple of the page size: the device's number, from one, fits below it.
            mapping = new GrantMapping(address, references.Length, index | (uint)(device.Number + 1));
            _standing.Add(mapping.Handle, mapping);
            return 0;
        }
    }

    private void Unmap(in GrantMapping mapping)
    {
        End(in mapping);
        lock (_gate)
        {
            _statistics = _statistics with
            {
                UnmapCalls = _statistics.UnmapCalls + 1,
                PagesUnmapped = _statistics.PagesUnmapped + mapping.PageCount,
            };
        }
    }

    /// <summary>Ends a mapping, without counting.</summary>
    internal void End(in GrantMapping mapping)
    {
        GrantDevice device = DeviceOf(in mapping);
        lock (_gate)
        {
            if (!_standing.Remove(mapping.Handle))
                throw NotStanding();
        }

        device.Unmap(IndexOf(in mapping), mapping.Address, mapping.PageCount);
        lock (_gate)
            device.MappingCount--;
    }

    private static ulong IndexOf(in GrantMapping mapping) => mapping.Handle & ~(ulong)DeviceNumberMask;

    private static InvalidOperationException NotStanding() => new("no such mapping stands, or it was ended before");

    private GrantDevice DeviceOf(in GrantMapping mapping)
    {
        int number = (int)(mapping.Handle & DeviceNumberMask) - 1;
        lock (_gate)
        {
            if (number < 0 || !_standing.TryGetValue(mapping.Handle, out GrantMapping standing) || standing != mapping)
                throw NotStanding();
            return _devices[number]!;
        }
    }

    private GrantDevice AnyDevice()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(XenDomain));
            return _devices[0] ?? OpenDevice();
        }
    }

    /// <summary>The device with the fewest mappings, or a new one while the least used has many.</summary>
    private GrantDevice TakeDevice()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(XenDomain));
            GrantDevice? least = null;
            for (int i = 0; i < _deviceCount; i++)
            {
                if (least is null || _devices[i]!.MappingCount < least.MappingCount)
                    least = _devices[i];
            }

            if (least is null)
                least = OpenDevice();
            else if (least.MappingCount >= MappingsPerDevice && _deviceCount < DevicesMax)
                least = TryOpenDevice() ?? least;
            least.MappingCount++;
            return least;
        }
    }

    private GrantDevice? TryOpenDevice()
    {
        try
        {
            return OpenDevice();
        }
        catch (XenBlockException)
        {
            // Too many files are open, say: longer lists are slower, and work.
            return null;
        }
    }

    private GrantDevice OpenDevice()
    {
        GrantDevice device = new(_deviceCount);
        _devices[_deviceCount++] = device;
        return device;
    }
}
