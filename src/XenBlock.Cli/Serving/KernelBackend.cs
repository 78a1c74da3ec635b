using System.Globalization;
using XenBlock.Cli.CommandLine;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Cli.Serving;

/// <summary>
/// The kernel's own backend, xen-blkback, in the domain that we serve from. It claims every vbd that a toolstack makes
/// in state Initialising; what it has claimed is taken over here before the guest connects.
/// </summary>
internal static class KernelBackend
{
    private const string Driver = "/sys/bus/xen-backend/drivers/vbd";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(20);

    // What it publishes when it claims a disk (drivers/block/xen-blkback/xenbus.c); not the toolstack's own
    // discard-enable.
    private static readonly string[] s_prefixes = ["feature-", "max-", "multi-queue-"];
    private static readonly string[] s_names =
    [
        VbdKeys.Error, VbdKeys.DiscardGranularity, VbdKeys.DiscardAlignment, VbdKeys.DiscardSecure, VbdKeys.Sectors,
        VbdKeys.SectorSize, VbdKeys.PhysicalSectorSize, VbdKeys.Info,
    ];

    /// <summary>True if the kernel serves this disk, or stands ready to.</summary>
    public static bool Has(DomainId frontend, VbdNumber vbd) =>
        Directory.Exists(Path.Combine(Driver, NameOf(frontend, vbd)));

    /// <summary>Makes the kernel let a disk go, and removes what it published.</summary>
    /// <param name="store">Our connection.</param>
    /// <param name="backend">The domain that we serve from.</param>
    /// <param name="frontend">The domain that the disk is for.</param>
    /// <param name="vbd">The disk.</param>
    /// <param name="token">Gives up.</param>
    /// <exception cref="UsageException">A guest is connected to it already, or we may not.</exception>
    public static async Task LetGoAsync(
        IXenStore store, DomainId backend, DomainId frontend, VbdNumber vbd, CancellationToken token)
    {
        string directory = VbdPaths.Backend(backend, frontend, vbd);
        if (!Directory.Exists(Driver))
            return;
        await UntilClaimedAsync(store, directory, frontend, vbd, token);
        if (!Has(frontend, vbd))
            return;
        if (await StateAsync(store, directory, token) == XenbusState.Connected)
        {
            throw new UsageException(
                $"The kernel's xen-blkback serves {VbdName.Format(vbd)} of domain {frontend.Value}, and the guest "
                    + $"uses it; detach it first: xl block-detach {frontend.Value} {VbdName.Format(vbd)}");
        }

        Unbind(frontend, vbd);
        await ForgetAsync(store, backend, directory, token);
    }

    // A driver that is loaded claims a new device within milliseconds; after that the state is not Initialising.
    private static async Task UntilClaimedAsync(
        IXenStore store, string directory, DomainId frontend, VbdNumber vbd, CancellationToken token)
    {
        for (Patience patience = new(s_patience); !patience.IsOver;)
        {
            if (Has(frontend, vbd) || await StateAsync(store, directory, token) != XenbusState.Initialising)
                return;
            await Task.Delay(s_step, token);
        }
    }

    private static void Unbind(DomainId frontend, VbdNumber vbd)
    {
        try
        {
            // A write of its own: the file takes one name a write. The driver allows to be bound again, so its end
            // leaves the state in XenStore as it is.
            using FileStream file = new(Path.Combine(Driver, "unbind"), FileMode.Open, FileAccess.Write);
            file.Write(System.Text.Encoding.ASCII.GetBytes(NameOf(frontend, vbd)));
            file.Flush();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (!Has(frontend, vbd))
                return; // it has let go by itself meanwhile
            throw new UsageException(
                $"The kernel's xen-blkback does not let {VbdName.Format(vbd)} of domain {frontend.Value} go: "
                    + $"{exception.Message.TrimEnd('.')}; become root, or unload it: modprobe -r xen-blkback");
        }
    }

    private static Task ForgetAsync(IXenStore store, DomainId backend, string directory, CancellationToken token) =>
        store.TransactAsync(
            async transaction =>
            {
                foreach (string name in await transaction.ListAsync(directory, token) ?? [])
                {
                    bool isTheirs = s_names.Contains(name)
                        || s_prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));
                    if (isTheirs)
                        await transaction.RemoveAsync($"{directory}/{name}", token);
                }

                // Where Linux's backends leave their last words.
                string home = VbdPaths.Domain(backend);
                await transaction.RemoveAsync($"{home}/{VbdKeys.Error}{directory[home.Length..]}", token);
            },
            token);

    private static async Task<XenbusState> StateAsync(IXenStore store, string directory, CancellationToken token) =>
        XenbusTransitions.Parse(await store.ReadAsync($"{directory}/{VbdKeys.State}", token));

    private static string NameOf(DomainId frontend, VbdNumber vbd) =>
        string.Create(CultureInfo.InvariantCulture, $"vbd-{frontend.Value}-{vbd.Value}");
}
