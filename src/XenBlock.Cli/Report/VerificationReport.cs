namespace XenBlock.Cli.Report;

/// <summary>Whether the data were right.</summary>
/// <param name="IsDone">False if it was not asked for, or cannot be (a null store).</param>
/// <param name="IsOkay">True if every byte was right; false also where nothing was verified.</param>
/// <param name="BytesWritten">Bytes written through the disk.</param>
/// <param name="BytesRead">Bytes read back through the disk and compared.</param>
/// <param name="BytesComparedWithFile">Bytes of them that were compared with the file itself.</param>
/// <param name="Sentence">The same in words.</param>
internal sealed record VerificationReport(
    bool IsDone, bool IsOkay, long BytesWritten, long BytesRead, long BytesComparedWithFile, string Sentence);
