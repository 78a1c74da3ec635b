using XenBlock.Backend;
using XenBlock.Storage;

namespace XenBlock.Cli.Serving;

/// <summary>
/// One disk of a server: what was asked for, the open image, and, once it is served, the right to it.
/// </summary>
/// <param name="Disk">What was asked for, with its name.</param>
/// <param name="Store">The image.</param>
internal sealed record ServedImage(DiskSpecification Disk, IBlockStore Store) : IDisposable
{
    /// <summary>The claim; null before the disk is served.</summary>
    public DiskClaim? Claim { get; set; }

    /// <summary>The backend; null before the disk is served.</summary>
    public ServedDisk? Served { get; set; }

    /// <summary>How to reach pages, where the disk's own nodes say so.</summary>
    public PayloadAccess? Access { get; init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Store.Dispose();
        Claim?.Dispose();
    }
}
