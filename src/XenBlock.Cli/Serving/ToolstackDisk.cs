using XenBlock.Cli.Bench;
using XenBlock.Cli.CommandLine;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Storage;
using XenBlock.XenStore;

namespace XenBlock.Cli.Serving;

/// <summary>A disk whose nodes are there already: image and mode are what they say.</summary>
internal static class ToolstackDisk
{
    /// <summary>Reads the nodes, and opens the image.</summary>
    /// <param name="machine">The machine; its domain is the backend.</param>
    /// <param name="address">Which disk.</param>
    /// <param name="settings">Whether to wait for it, and to serve it read-only whatever the nodes say.</param>
    /// <param name="token">Gives up.</param>
    /// <exception cref="UsageException">There is no such disk, or its image cannot be served.</exception>
    public static async Task<ServedImage> OpenAsync(
        HostedMachine machine, VbdAddress address, ServeSettings settings, CancellationToken token)
    {
        IXenStore store = machine.Domain.Store;
        DomainId backend = machine.Domain.DomainId;
        DomainId frontend = await VbdAddress.FindDomainAsync(store, address.Domain, token);
        string vdev = VbdName.Format(address.Vbd);
        if (settings.Waits)
            await UntilMadeAsync(store, VbdPaths.Backend(backend, frontend, address.Vbd), token);
        VbdEntry entry = await VbdNodes.FindAsync(store, backend, frontend, address.Vbd, token)
            ?? throw new UsageException(
                $"No toolstack has made {vdev} for domain {frontend.Value} with its backend in domain {backend.Value}; "
                    + $"make it: xenblk attach {frontend.Value} IMAGE --vdev {vdev}");
        if (machine.IsXen && DiskLock.IsServed(frontend, address.Vbd))
            throw DiskClaim.Served(frontend, address.Vbd);
        DiskSpecification disk = new(
            ImageOf(entry.Params, vdev), address.Vbd, frontend, settings.IsReadOnly || entry.IsReadOnly)
        {
            Nodes = entry,
        };
        string? access = await store.ReadAsync(
            $"{VbdPaths.Backend(backend, frontend, address.Vbd)}/{VbdKeys.Access}", token);
        FileBlockStoreOptions options = settings.StoreOptions(disk.IsReadOnly);
        return new ServedImage(disk, FileBlockStore.Open(disk.Path, options))
        {
            Access = Enum.TryParse(access, ignoreCase: true, out AccessChoice choice)
                ? BenchDisk.AccessOf(choice)
                : null,
        };
    }

    private static async Task UntilMadeAsync(IXenStore store, string directory, CancellationToken token)
    {
        await using IXenStoreWatch watch = await store.WatchAsync(directory, token);
        while (await store.ReadAsync($"{directory}/{VbdKeys.State}", token) is null)
            await watch.NextAsync(token);
    }

    // "/path", or "aio:/path" and the like, as libxl writes it for other kinds of backend; "qcow2:/path" is no disk
    // byte for byte.
    private static string ImageOf(string text, string vdev)
    {
        int colon = text.LastIndexOf(':');
        string path = text[(colon + 1)..];
        string[] kinds = colon < 0 ? [] : text[..colon].Split(':');
        if (path.StartsWith('/') && kinds.All(kind => kind is "aio" or "raw" or "tap" or "file" or "phy"))
            return path;
        throw new UsageException(text.Length == 0
            ? $"The nodes of {vdev} name no image (their key params is empty); give the disk a target in xl's "
                + "configuration."
            : $"The image of {vdev} is \"{text}\"; only raw images are served: name one by its whole path.");
    }
}
