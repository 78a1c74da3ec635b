using System.Runtime.CompilerServices;
using XenBlock.Cli.Output;
using XenBlock.Hypervisor;

namespace XenBlock.Cli.Commands.Store;

/// <summary>Goes through a part of the tree.</summary>
internal static class StoreTreeWalk
{
    /// <summary>A child's path.</summary>
    public static string Join(string parent, string name) =>
        parent.EndsWith('/') ? parent + name : $"{parent}/{name}";

    /// <summary>A node's descendants, parents first; a node that vanishes meanwhile is left out.</summary>
    public static async IAsyncEnumerable<(int Depth, StoreNodeDocument Node)> DescendantsAsync(
        IXenStore store,
        string root,
        bool withPermissions,
        int depth = 0,
        [EnumeratorCancellation] CancellationToken token = default)
    {
        IReadOnlyList<string> names = await store.ListAsync(root, token) ?? [];
        foreach (string name in names.Order(StringComparer.Ordinal))
        {
            string path = Join(root, name);
            if (await store.ReadAsync(path, token) is not { } value)
                continue;
            IReadOnlyList<string>? permissions =
                withPermissions ? await store.GetPermissionsAsync(path, token) : null;
            yield return (depth, new StoreNodeDocument(path, value, permissions));
            await foreach ((int, StoreNodeDocument) below in DescendantsAsync(
                store, path, withPermissions, depth + 1, token))
                yield return below;
        }
    }
}
