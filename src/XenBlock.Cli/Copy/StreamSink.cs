using XenBlock.Cli.CommandLine;
using XenBlock.Native;

namespace XenBlock.Cli.Copy;

/// <summary>Copies to standard output.</summary>
internal sealed class StreamSink(Stream stream) : ICopySink
{
    /// <inheritdoc/>
    public long SkippedBytes => 0;

    /// <inheritdoc/>
    public void Write(long offsetBytes, ReadOnlySpan<byte> data)
    {
        stream.Write(data);
        Check();
    }

    /// <inheritdoc/>
    public void Finish()
    {
        stream.Flush();
        Check();
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    private static void Check()
    {
        if (!OutputPipe.HasReader(OutputPipe.StandardOutput))
        {
            throw new WorkFailedException(
                "Who read the copy is gone before its end: it is not complete. See why the other program ended.");
        }
    }
}
