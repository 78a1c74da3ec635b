namespace XenBlock.Cli.Copy;

/// <summary>Where a disk is copied to. Data come in order.</summary>
internal interface ICopySink : IDisposable
{
    /// <summary>Bytes of zeros that did not have to be written.</summary>
    long SkippedBytes { get; }

    /// <summary>Takes the next bytes.</summary>
    void Write(long offsetBytes, ReadOnlySpan<byte> data);

    /// <summary>All was given: makes it durable.</summary>
    void Finish();
}
