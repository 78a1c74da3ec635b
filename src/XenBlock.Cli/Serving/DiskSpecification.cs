using XenBlock.Cli.CommandLine;
using XenBlock.Protocol;
using XenBlock.XenStore;

namespace XenBlock.Cli.Serving;

/// <summary>A disk to serve, as the user named it.</summary>
/// <param name="Path">The image: a file or a block device.</param>
/// <param name="Vdev">Its name in the frontend's domain; null for the next free one.</param>
/// <param name="Domain">The frontend's domain.</param>
/// <param name="IsReadOnly">True if it may not be written.</param>
internal sealed record DiskSpecification(string Path, VbdNumber? Vdev, DomainId Domain, bool IsReadOnly)
{
    private static readonly DomainId s_nobody = new(DomainId.FirstReserved);

    /// <summary>Its nodes, if a toolstack has made them; null if we make them ourselves.</summary>
    public VbdEntry? Nodes { get; init; }

    /// <summary>Reads the short form: IMAGE or IMAGE=VDEV.</summary>
    /// <param name="text">A file that is called so, "=" and all, is that file.</param>
    /// <param name="domain">The frontend's domain.</param>
    /// <param name="isReadOnly">Whether it may be written.</param>
    /// <exception cref="UsageException">The vdev makes no sense.</exception>
    public static DiskSpecification ParseShort(string text, DomainId domain, bool isReadOnly)
    {
        int equals = text.LastIndexOf('=');
        bool hasVdev = equals > 0 && !text.AsSpan(equals).Contains('/') && !File.Exists(text);
        return hasVdev
            ? new DiskSpecification(text[..equals], ParseVdev(text[(equals + 1)..]), domain, isReadOnly)
            : new DiskSpecification(text, null, domain, isReadOnly);
    }

    /// <summary>
    /// Reads the long form: path=IMAGE,vdev=NAME,domain=N,mode=r|w, in any order; only path is needed.
    /// </summary>
    /// <exception cref="UsageException">A word is not known, or its value makes no sense.</exception>
    /// <param name="text">The words.</param>
    /// <param name="domain">The frontend's domain if none is named; null if one has to be.</param>
    /// <param name="isReadOnly">Whether it may be written, if nothing is said.</param>
    /// <param name="isXen">True on Xen, where dom0 may have disks too.</param>
    public static DiskSpecification ParseLong(string text, DomainId? domain, bool isReadOnly, bool isXen = false)
    {
        DiskSpecification disk = new("", null, domain ?? s_nobody, isReadOnly);
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            string value = part[(equals + 1)..];
            disk = (equals < 0 ? "" : part[..equals]) switch
            {
                "path" => disk with { Path = value },
                "vdev" => disk with { Vdev = ParseVdev(value) },
                "domain" when int.TryParse(value, out int number) =>
                    disk with { Domain = CommonOptions.ServedDomain(number, isXen) },
                "mode" when value is "r" or "w" => disk with { IsReadOnly = value is "r" },
                _ => throw new UsageException(
                    $"--disk does not understand \"{part}\"; say it as path=disk.raw,vdev=xvdb,domain=1,mode=r."),
            };
        }

        if (disk.Domain == s_nobody)
            throw new UsageException($"--disk {text} names no domain; add domain=N.");
        return disk.Path.Length > 0
            ? disk
            : throw new UsageException($"--disk {text} names no image; add path=disk.raw.");
    }

    /// <summary>Gives every disk a name: those without one take the next free of their domain.</summary>
    /// <exception cref="UsageException">Two disks of a domain have the same name, or two the same image.</exception>
    public static IReadOnlyList<DiskSpecification> Name(IReadOnlyList<DiskSpecification> disks)
    {
        HashSet<(DomainId, VbdNumber)> taken = [];
        foreach (DiskSpecification disk in disks)
        {
            if (disk.Vdev is { } vdev && !taken.Add((disk.Domain, vdev)))
            {
                throw new UsageException(
                    $"{vdev} of domain {disk.Domain.Value} is named twice; give each disk a name of its own.");
            }
        }

        RequireOneWriter(disks);
        return [.. disks.Select(disk => disk.Vdev is null ? disk with { Vdev = NextFree(disk.Domain) } : disk)];

        VbdNumber NextFree(DomainId domain)
        {
            VbdNumber number = Names().First(number => !taken.Contains((domain, number)));
            taken.Add((domain, number));
            return number;
        }
    }

    // The lock on an image would say so too, but as if somebody else had it.
    private static void RequireOneWriter(IReadOnlyList<DiskSpecification> disks)
    {
        foreach (var same in disks.GroupBy(disk => System.IO.Path.GetFullPath(disk.Path), StringComparer.Ordinal))
        {
            if (same.Count() > 1 && same.Any(disk => !disk.IsReadOnly))
            {
                throw new UsageException(
                    $"{same.First().Path} is named as the image of {same.Count()} disks, and would be written by each "
                        + "without the others; give each disk an image of its own, or serve it read-only (-r).");
            }
        }
    }

    /// <summary>The numbers of xvda, xvdb and on, without end.</summary>
    public static IEnumerable<VbdNumber> Names()
    {
        // xvda is 202 << 8, and a disk of that kind takes 16 numbers (xen-vbd-interface, version 0).
        // Beyond the sixteenth they are of the extended kind.
        for (uint disk = 0; ; disk++)
            yield return new VbdNumber(disk < 16 ? (202 << 8) | (disk << 4) : (1 << 28) | (disk << 8));
    }

    private static VbdNumber ParseVdev(string text) => VbdAddress.ParseVdev(text);
}
