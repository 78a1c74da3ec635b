using System.Threading.Channels;
using Microsoft.Win32.SafeHandles;
using XenBlock.Native;

namespace XenBlock.Xen;

/// <summary>
/// XenStore through the kernel: /dev/xen/xenbus as a stream of messages. A thread of its own waits for what comes,
/// since a read that waits in the driver could not be ended.
/// </summary>
internal sealed class XenbusStream : Stream
{
    // A message is at most 16 + 4,096 bytes, and may come in parts.
    private const int ReadBytes = 4096 + 16;

    private readonly SafeFileHandle _device;
    private readonly WakeEvent _ending;
    private readonly Thread _thread;
    private readonly Channel<byte[]> _received = Channel.CreateUnbounded<byte[]>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private ReadOnlyMemory<byte> _rest;
    private int _disposed;

    internal XenbusStream(SafeFileHandle device)
    {
        _device = device;
        int errno = WakeEvent.Create(out WakeEvent? ending);
        if (errno != 0)
        {
            device.Dispose();
            throw XenDevice.Failure("/dev/xen/xenbus", "xenfs", errno);
        }

        _ending = ending!;
        _thread = new Thread(ReadAll) { IsBackground = true, Name = "xenbus" };
        _thread.Start();
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_rest.IsEmpty)
        {
            if (!await _received.Reader.WaitToReadAsync(cancellationToken))
                return 0;
            if (_received.Reader.TryRead(out byte[]? bytes))
                _rest = bytes;
        }

        int count = Math.Min(buffer.Length, _rest.Length);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        return count;
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        // The driver takes a message as it comes and waits for nobody.
        while (!buffer.IsEmpty)
        {
            int errno = DeviceFile.Write(_device, buffer, out int count);
            if (errno != 0)
                throw new IOException($"/dev/xen/xenbus does not take a message: {Errno.Describe(errno)}");
            buffer = buffer[count..];
        }
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _ending.Signal();
            if (_thread != Thread.CurrentThread)
                _thread.Join();
            _device.Dispose();
            _ending.Dispose();
        }

        base.Dispose(disposing);
    }

    private void ReadAll()
    {
        byte[] buffer = new byte[ReadBytes];
        while (Volatile.Read(ref _disposed) == 0)
        {
            int errno = DevicePoll.Wait(_device, _ending, Timeout.InfiniteTimeSpan, out bool isReady, out _);
            if (errno == 0 && isReady)
                errno = DeviceFile.Read(_device, buffer, out int count) is var read and not 0 ? read : Keep(count);
            if (errno is not (0 or Errno.EAGAIN))
                break;
        }

        _received.Writer.Complete();

        int Keep(int count) => count > 0 && _received.Writer.TryWrite(buffer[..count]) ? 0 : Errno.EPIPE;
    }
}
