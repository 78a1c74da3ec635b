namespace XenBlock.Cli.Copy;

/// <summary>Copies to standard output.</summary>
internal sealed class StreamSink(Stream stream) : ICopySink
{
    /// <inheritdoc/>
    public long SkippedBytes => 0;

    /// <inheritdoc/>
    public void Write(long offsetBytes, ReadOnlySpan<byte> data) => stream.Write(data);

    /// <inheritdoc/>
    public void Finish() => stream.Flush();

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();
}
