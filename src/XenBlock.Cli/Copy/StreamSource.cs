namespace XenBlock.Cli.Copy;

/// <summary>Copies from standard input.</summary>
internal sealed class StreamSource(Stream stream) : ICopySource
{
    /// <inheritdoc/>
    public long? LengthBytes => null;

    /// <inheritdoc/>
    public int Read(Span<byte> memory, out bool isZero)
    {
        int count = stream.ReadAtLeast(memory, memory.Length, throwOnEndOfStream: false);
        isZero = count > 0 && !memory[..count].ContainsAnyExcept((byte)0);
        return count;
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();
}
