using System.Globalization;
using XenBlock.Cli.Output;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.XenStore;

namespace XenBlock.Cli.Serving;

/// <summary>Every disk in XenStore, whoever serves it.</summary>
internal static class DiskList
{
    private const string Vbd = "vbd";

    /// <summary>Reads them, by domain and disk.</summary>
    public static async Task<IReadOnlyList<DiskDocument>> ReadAsync(ToolstackStore toolstack, CancellationToken token)
    {
        IXenStore store = toolstack.Store;
        List<(VbdEntry Entry, string Kind)> entries = [];
        foreach (VbdEntry entry in await VbdNodes.ListAsync(store, token))
            entries.Add((entry, KindOf(toolstack, entry)));
        await AddOthersAsync(store, entries, token);
        List<DiskDocument> documents = [];
        foreach ((VbdEntry entry, string kind) in entries.OrderBy(each => (each.Entry.Frontend.Value, each.Entry.Vbd.Value)))
        {
            documents.Add(new DiskDocument(
                entry.Frontend.Value,
                await store.ReadAsync($"{VbdPaths.Domain(entry.Frontend)}/name", token),
                VbdName.Format(entry.Vbd),
                entry.IsReadOnly ? "r" : "w",
                entry.Params,
                entry.Backend.Value,
                kind,
                entry.FrontendState.ToString(),
                entry.BackendState.ToString()));
        }

        return documents;
    }

    // Who stands behind the nodes can only be told where we are: in another domain we do not look into processes.
    private static string KindOf(ToolstackStore toolstack, VbdEntry entry)
    {
        if (!toolstack.Choice.IsXen)
            return entry.BackendState is XenbusState.Initialising or XenbusState.Closed ? "nobody" : "xenblk";
        if (entry.Backend.Value != toolstack.Domain)
            return "other";
        if (KernelBackend.Has(entry.Frontend, entry.Vbd))
            return "kernel";
        return DiskLock.IsServed(entry.Frontend, entry.Vbd) ? "xenblk" : "nobody";
    }

    // QEMU's disks, and tapback's, have their backends in directories of other names; frontends lead to them.
    private static async Task AddOthersAsync(
        IXenStore store, List<(VbdEntry Entry, string Kind)> entries, CancellationToken token)
    {
        foreach (string domain in await store.ListAsync("/local/domain", token) ?? [])
        {
            if (!TryNumber(domain, out uint frontend) || frontend >= DomainId.FirstReserved)
                continue;
            DomainId id = new((ushort)frontend);
            foreach (string name in await store.ListAsync(VbdPaths.Frontends(id), token) ?? [])
            {
                if (!TryNumber(name, out uint vbd))
                    continue;
                if (await OtherAsync(store, id, new VbdNumber(vbd), token) is { } other)
                    entries.Add(other);
            }
        }
    }

    private static async Task<(VbdEntry Entry, string Kind)?> OtherAsync(
        IXenStore store, DomainId frontend, VbdNumber vbd, CancellationToken token)
    {
        string front = VbdPaths.Frontend(frontend, vbd);
        string path = await store.ReadAsync($"{front}/{VbdKeys.Backend}", token) ?? "";
        string[] parts = path.Split('/'); // "", local, domain, 0, backend, qdisk, 5, 51712
        if (parts.Length != 8 || parts[4] is not "backend" || parts[5] is Vbd || !TryNumber(parts[3], out uint backend))
            return null;
        VbdEntry entry = new(
            frontend,
            new DomainId((ushort)Math.Min(backend, DomainId.FirstReserved)),
            vbd,
            XenbusTransitions.Parse(await store.ReadAsync($"{front}/{VbdKeys.State}", token)),
            XenbusTransitions.Parse(await store.ReadAsync($"{path}/{VbdKeys.State}", token)),
            await store.ReadAsync($"{path}/{VbdKeys.Mode}", token) is not "w",
            await store.ReadAsync($"{path}/{VbdKeys.Params}", token) ?? "");
        return (entry, parts[5] is "qdisk" ? "qemu" : parts[5]);
    }

    private static bool TryNumber(string text, out uint number) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
