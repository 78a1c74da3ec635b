namespace XenBlock.Cli.Output;

/// <summary>A disk that is served, for scripts.</summary>
/// <param name="Path">The image.</param>
/// <param name="Vdev">Its name in the frontend's domain, as xvda.</param>
/// <param name="Domain">The frontend's domain.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="IsReadOnly">True if it may not be written.</param>
internal sealed record ServedDiskDocument(string Path, string Vdev, int Domain, long SizeBytes, bool IsReadOnly);
