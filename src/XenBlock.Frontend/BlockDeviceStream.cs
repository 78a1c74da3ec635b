using XenBlock.Hypervisor;

namespace XenBlock.Frontend;

/// <summary>
/// A disk as a stream. Positions and lengths need not be multiples of the sector size: a sector that is written in part
/// is read first, and the last such sector is kept, so that small steps forward cost one read a sector.
/// </summary>
/// <remarks>
/// For one user at a time. Nothing else should write to the sectors that it writes in part. Every write reaches the
/// backend before it returns; <see cref="Flush"/> makes it durable, where the backend offers that.
/// </remarks>
internal sealed class BlockDeviceStream : Stream
{
    private readonly BlockDevice _device;
    private readonly byte[] _sector;
    private long _sectorOffset = -1; // which sector is in _sector
    private long _position;

    public BlockDeviceStream(BlockDevice device)
    {
        _device = device;
        _sector = new byte[device.SectorSizeBytes];
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => !_device.IsReadOnly;

    /// <inheritdoc/>
    public override long Length => _device.SizeBytes;

    /// <inheritdoc/>
    public override long Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    private int InSector => (int)(_position % _sector.Length);

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        SeekOrigin.End => Length + offset,
        _ => throw new ArgumentOutOfRangeException(nameof(origin)),
    };

    /// <inheritdoc/>
    public override void SetLength(long value) =>
        throw new NotSupportedException("a disk has the size that its backend gives it");

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        int lengthBytes = (int)Math.Clamp(Length - _position, 0, buffer.Length);
        if (lengthBytes == 0) return 0;
        if (TryWhole(lengthBytes, out int whole))
        {
            _device.Read(_position, buffer[..whole]);
            _position += whole;
            return whole;
        }

        if (NeedsSector()) _device.Read(BeginSector(), _sector);
        return CopyFromSector(buffer[..lengthBytes]);
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int lengthBytes = (int)Math.Clamp(Length - _position, 0, buffer.Length);
        if (lengthBytes == 0) return 0;
        if (TryWhole(lengthBytes, out int whole))
        {
            await _device.ReadAsync(_position, buffer[..whole], cancellationToken);
            _position += whole;
            return whole;
        }

        if (NeedsSector()) await _device.ReadAsync(BeginSector(), _sector, cancellationToken);
        return CopyFromSector(buffer.Span[..lengthBytes]);
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        ThrowIfPastEnd(buffer.Length);
        while (!buffer.IsEmpty)
        {
            if (TryWhole(buffer.Length, out int written))
            {
                ForgetSector(written);
                _device.Write(_position, buffer[..written]);
                _position += written;
            }
            else
            {
                if (NeedsSector()) _device.Read(BeginSector(), _sector);
                written = CopyToSector(buffer);
                _device.Write(_position - InSector, _sector);
                EndSector(written);
            }

            buffer = buffer[written..];
        }
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ThrowIfPastEnd(buffer.Length);
        while (!buffer.IsEmpty)
        {
            if (TryWhole(buffer.Length, out int written))
            {
                ForgetSector(written);
                await _device.WriteAsync(_position, buffer[..written], cancellationToken);
                _position += written;
            }
            else
            {
                if (NeedsSector()) await _device.ReadAsync(BeginSector(), _sector, cancellationToken);
                written = CopyToSector(buffer.Span);
                await _device.WriteAsync(_position - InSector, _sector, cancellationToken);
                EndSector(written);
            }

            buffer = buffer[written..];
        }
    }

    /// <summary>Makes durable what was written; nothing to do where the backend offers no flush.</summary>
    public override void Flush()
    {
        if (_device.Features is { Flush: true } or { Barrier: true }) _device.Flush();
    }

    /// <inheritdoc cref="Flush"/>
    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_device.Features is { Flush: true } or { Barrier: true }) await _device.FlushAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>True if whole sectors can be moved from here on, without the one that is kept.</summary>
    private bool TryWhole(int lengthBytes, out int whole)
    {
        whole = lengthBytes - (lengthBytes % _sector.Length);
        return InSector == 0 && whole > 0;
    }

    private bool NeedsSector() => _sectorOffset != _position - InSector;

    /// <summary>The kept sector is about to be read: it counts only once that has succeeded.</summary>
    private long BeginSector()
    {
        _sectorOffset = -1;
        return _position - InSector;
    }

    private int CopyFromSector(Span<byte> destination)
    {
        _sectorOffset = _position - InSector;
        int count = Math.Min(destination.Length, _sector.Length - InSector);
        _sector.AsSpan(InSector, count).CopyTo(destination);
        _position += count;
        return count;
    }

    /// <summary>The kept sector counts again once it was written: until then the disk does not have it.</summary>
    private int CopyToSector(ReadOnlySpan<byte> source)
    {
        _sectorOffset = -1;
        int count = Math.Min(source.Length, _sector.Length - InSector);
        source[..count].CopyTo(_sector.AsSpan(InSector));
        return count;
    }

    private void EndSector(int count)
    {
        _sectorOffset = _position - InSector;
        _position += count;
    }

    private void ForgetSector(int lengthBytes)
    {
        if (_sectorOffset >= _position && _sectorOffset < _position + lengthBytes) _sectorOffset = -1;
    }

    private void ThrowIfPastEnd(int lengthBytes)
    {
        if (_position <= Length - lengthBytes) return;
        throw new XenBlockException(
            XenBlockErrorKind.NoSpace,
            $"{lengthBytes} bytes at {_position} do not fit: {_device.Name} ends at {Length}");
    }
}
