using System.IO.Pipelines;

namespace XenBlock.XenStore;

/// <summary>Two streams that are each other's far end, in memory, with room for a few messages.</summary>
internal sealed class MemoryDuplex : Stream
{
    private readonly Stream _incoming;
    private readonly Stream _outgoing;

    private MemoryDuplex(Pipe incoming, Pipe outgoing)
    {
        _incoming = incoming.Reader.AsStream();
        _outgoing = outgoing.Writer.AsStream();
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

    /// <summary>Makes a pair.</summary>
    public static (Stream, Stream) CreatePair()
    {
        Pipe there = new();
        Pipe back = new();
        return (new MemoryDuplex(there, back), new MemoryDuplex(back, there));
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(
        Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await _incoming.ReadAsync(buffer, cancellationToken);
        }
        catch (InvalidOperationException exception)
        {
            throw new IOException("The connection is closed.", exception);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await _outgoing.WriteAsync(buffer, cancellationToken);
        }
        catch (InvalidOperationException exception)
        {
            throw new IOException("The connection is closed.", exception);
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
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _incoming.Dispose();
            _outgoing.Dispose();
        }

        base.Dispose(disposing);
    }
}
