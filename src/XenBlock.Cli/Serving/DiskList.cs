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
        try
        {
            foreach (VbdEntry entry in await VbdNodes.ListAsync(store, token))
                entries.Add((entry, KindOf(toolstack, entry)));
            foreach (string domain in await store.ListAsync("/local/domain", token) ?? [])
                await AddOthersAsync(toolstack, domain, entries, isAll: false, token);
        }
        catch (XenBlockException denied) when (denied.Kind == XenBlockErrorKind.PermissionDenied)
        {
            // A guest may look at what is its own.
            entries.Clear();
            string own = toolstack.Domain.ToString(CultureInfo.InvariantCulture);
            await AddOthersAsync(toolstack, own, entries, isAll: true, token);
        }

        List<DiskDocument> documents = [];
        foreach ((VbdEntry entry, string kind) in entries
            .OrderBy(each => (each.Entry.Frontend.Value, each.Entry.Vbd.Value)))
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

    // Who stands behind the nodes can only be told where we are: in another domain we do not look into processes. The
    // states alone tell nothing: what a process published stays when it dies, and a disk whose user has gone is Closed.
    private static string KindOf(ToolstackStore toolstack, VbdEntry entry)
    {
        if (toolstack.Choice.Socket is { } socket)
        {
            return DiskLock.IsServed(socket, entry.Frontend, entry.Vbd) switch
            {
                true => "xenblk",
                null when IsPublished(entry.BackendState) => "other", // a program that has the library for a backend
                _ => "nobody",
            };
        }

        if (entry.Backend.Value != toolstack.Domain)
            return "other";
        if (KernelBackend.Has(entry.Frontend, entry.Vbd))
            return "kernel";
        return DiskLock.IsServed(entry.Frontend, entry.Vbd) ? "xenblk" : "nobody";
    }

    private static bool IsPublished(XenbusState state) => state is not (
        XenbusState.Unknown or XenbusState.Initialising or XenbusState.Closed);

    // QEMU's disks, and tapback's, have their backends in directories of other names; frontends lead to them.
    private static async Task AddOthersAsync(
        ToolstackStore toolstack,
        string domain,
        List<(VbdEntry Entry, string Kind)> entries,
        bool isAll,
        CancellationToken token)
    {
        if (!TryNumber(domain, out uint frontend) || frontend >= DomainId.FirstReserved)
            return;
        DomainId id = new((ushort)frontend);
        foreach (string name in await toolstack.Store.ListAsync(VbdPaths.Frontends(id), token) ?? [])
        {
            if (!TryNumber(name, out uint vbd))
                continue;
            if (await OtherAsync(toolstack.Store, id, new VbdNumber(vbd), token) is not { } other)
                continue;
            if (other.Kind is not Vbd)
                entries.Add(other);
            else if (isAll)
                entries.Add((other.Entry, KindOf(toolstack, other.Entry)));
        }
    }

    private static async Task<(VbdEntry Entry, string Kind)?> OtherAsync(
        IXenStore store, DomainId frontend, VbdNumber vbd, CancellationToken token)
    {
        string front = VbdPaths.Frontend(frontend, vbd);
        string path = await store.ReadAsync($"{front}/{VbdKeys.Backend}", token) ?? "";
        string[] parts = path.Split('/'); // "", local, domain, 0, backend, qdisk, 5, 51712
        if (parts.Length != 8 || parts[4] is not "backend" || !TryNumber(parts[3], out uint backend))
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
