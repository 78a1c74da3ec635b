using XenBlock.Backend;
using XenBlock.Cli.Output;
using XenBlock.Storage;

namespace XenBlock.Cli.Serving;

/// <summary>
/// One disk of a server: what was asked for, the open image, and, once it is served, the right to it.
/// </summary>
/// <param name="Disk">What was asked for, with its name.</param>
/// <param name="Store">The image.</param>
internal sealed record ServedImage(DiskSpecification Disk, IBlockStore Store) : IDisposable
{
    private string? _refused; // the last size that could not be served, told once

    /// <summary>The claim; null before the disk is served.</summary>
    public DiskClaim? Claim { get; set; }

    /// <summary>The backend; null before the disk is served.</summary>
    public ServedDisk? Served { get; set; }

    /// <summary>How to reach pages, where the disk's own nodes say so.</summary>
    public PayloadAccess? Access { get; init; }

    /// <summary>
    /// Looks whether the image has another size than a moment ago, and tells the frontend; as Linux's xen-blkback,
    /// which looks at its device with each request.
    /// </summary>
    /// <returns>What happened, or why the new size cannot be served; null if there is nothing to say.</returns>
    public string? LookAtSize()
    {
        if (Store is not FileBlockStore file)
            return null;
        long beforeBytes = file.Geometry.SizeBytes;
        try
        {
            file.RefreshSize();
        }
        catch (StoreException exception)
        {
            string kept = $"{exception.Message}; until then it is served with {ByteSize.Format(beforeBytes)}";
            if (string.Equals(_refused, kept, StringComparison.Ordinal))
                return null;
            return _refused = kept;
        }

        _refused = null;
        long sizeBytes = file.Geometry.SizeBytes;
        if (sizeBytes == beforeBytes)
            return null;
        Served?.NoticeResize();
        return $"{Disk.Path} has another size now: {ByteSize.Format(sizeBytes)}, it had {ByteSize.Format(beforeBytes)}";
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Store.Dispose();
        Claim?.Dispose();
    }
}
