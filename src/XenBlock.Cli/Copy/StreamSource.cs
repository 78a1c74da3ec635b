using System.Collections.Concurrent;

namespace XenBlock.Cli.Copy;

/// <summary>
/// Copies from standard input. A thread of its own reads it, because a read of a pipe cannot be interrupted, and
/// neither
/// Ctrl-C nor the death of the backend may have to wait for whoever writes into the pipe.
/// </summary>
internal sealed class StreamSource : ICopySource
{
    private const int PartsAhead = 4;
    private static readonly TimeSpan s_moment = TimeSpan.FromMilliseconds(50);
    private readonly Stream _stream;
    private readonly BlockingCollection<byte[]> _parts = new(PartsAhead);
    private volatile Exception? _failure;
    private bool _isEnd;

    /// <summary>Begins to read.</summary>
    public StreamSource(Stream stream)
    {
        _stream = stream;
        new Thread(ReadAll) { IsBackground = true, Name = "standard input" }.Start();
    }

    /// <inheritdoc/>
    public long? LengthBytes => null;

    /// <inheritdoc/>
    public int Read(Span<byte> memory, out bool isZero)
    {
        isZero = false;
        if (_isEnd)
            return 0;
        if (!_parts.TryTake(out byte[]? part, s_moment))
        {
            if (!_parts.IsCompleted)
                return ICopySource.NotYet;
            _isEnd = true;
            return _failure is null ? 0 : throw new IOException($"Standard input failed: {_failure.Message}", _failure);
        }

        part.CopyTo(memory);
        isZero = !part.AsSpan().ContainsAnyExcept((byte)0);
        return part.Length;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The reading thread may be inside a read that never ends; the process's end takes it along.
    }

    private void ReadAll()
    {
        byte[] buffer = new byte[DiskCopier.ChunkBytes];
        try
        {
            int count;
            do
            {
                count = _stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
                if (count > 0)
                    _parts.Add(buffer[..count]);
            }
            while (count == buffer.Length);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            _failure = exception;
        }

        _parts.CompleteAdding();
    }
}
