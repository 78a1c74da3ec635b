using System.Collections.Immutable;
using XenBlock.Protocol;

namespace XenBlock.XenStore;

/// <summary>
/// A state of the whole store, immutable. Knows no permissions and no quotas: see <see cref="StoreOperations"/>.
/// </summary>
internal sealed class StoreTree
{
    private readonly ImmutableDictionary<DomainId, int> _nodesOwned;

    private StoreTree(StoreNode root, ImmutableDictionary<DomainId, int> nodesOwned, ulong generation)
    {
        Root = root;
        _nodesOwned = nodesOwned;
        Generation = generation;
    }

    /// <summary>A store with nothing but the root, which is dom0's.</summary>
    public static StoreTree Empty { get; } = new(
        new StoreNode([], StorePermissions.ControlDomainOnly, StoreNode.NoChildren, 0),
        ImmutableDictionary<DomainId, int>.Empty.Add(DomainId.Zero, 1),
        0);

    /// <summary>The root.</summary>
    public StoreNode Root { get; }

    /// <summary>How many changes led here.</summary>
    public ulong Generation { get; }

    /// <summary>How many nodes a domain owns.</summary>
    public int NodesOwnedBy(DomainId domain) => _nodesOwned.GetValueOrDefault(domain);

    /// <summary>The node at a path, or null.</summary>
    public StoreNode? Find(StorePath path)
    {
        StoreNode? node = Root;
        foreach (string name in path.Names())
        {
            if (!node.Children.TryGetValue(name, out node)) return null;
        }

        return node;
    }

    /// <summary>The deepest node that exists at a path or above it, and how many names below it are missing.</summary>
    public StoreNode Nearest(StorePath path, out int missing)
    {
        StoreNode node = Root;
        string[] names = path.Names();
        for (int i = 0; i < names.Length; i++)
        {
            if (!node.Children.TryGetValue(names[i], out StoreNode? child))
            {
                missing = names.Length - i;
                return node;
            }

            node = child;
        }

        missing = 0;
        return node;
    }

    /// <summary>
    /// Sets a value; nodes that are missing are made, empty but for the last, with these permissions.
    /// </summary>
    public StoreTree WithValue(StorePath path, byte[] value, StorePermissions permissionsIfMissing)
    {
        int made = 0;
        ulong generation = Generation + 1;
        StoreNode root = Put(Root, path.Names(), 0);
        return new StoreTree(root, Count(permissionsIfMissing.Owner, made), generation);

        StoreNode Put(StoreNode node, ReadOnlySpan<string> names, int depth)
        {
            if (depth == names.Length) return node with { Value = value, Generation = generation };
            if (node.Children.TryGetValue(names[depth], out StoreNode? child))
                return node with { Children = node.Children.SetItem(names[depth], Put(child, names, depth + 1)) };
            made++;
            child = new StoreNode([], permissionsIfMissing, StoreNode.NoChildren, generation);
            return node with
            {
                Children = node.Children.Add(names[depth], Put(child, names, depth + 1)),
                Generation = generation,
            };
        }
    }

    /// <summary>Sets the permissions of a node that exists.</summary>
    public StoreTree WithPermissions(StorePath path, StorePermissions permissions)
    {
        ulong generation = Generation + 1;
        StoreNode before = Find(path) ?? throw new InvalidOperationException("There is no such node.");
        StoreNode root = Change(Root, path.Names(), node => node with
        {
            Permissions = permissions,
            Generation = generation,
        });
        ImmutableDictionary<DomainId, int> counts = Count(before.Permissions.Owner, -1);
        counts = counts.SetItem(permissions.Owner, counts.GetValueOrDefault(permissions.Owner) + 1);
        return new StoreTree(root, counts, generation);
    }

    /// <summary>Removes a node that exists, and all below it; not the root.</summary>
    public StoreTree Without(StorePath path)
    {
        ulong generation = Generation + 1;
        StoreNode gone = Find(path) ?? throw new InvalidOperationException("There is no such node.");
        string name = path.Names()[^1];
        StoreNode root = Change(Root, path.Parent.Names(), node => node with
        {
            Children = node.Children.Remove(name),
            Generation = generation,
        });
        ImmutableDictionary<DomainId, int>.Builder counts = _nodesOwned.ToBuilder();
        var below = new Stack<StoreNode>([gone]);
        while (below.TryPop(out StoreNode? node))
        {
            counts[node.Permissions.Owner]--;
            foreach (StoreNode child in node.Children.Values) below.Push(child);
        }

        return new StoreTree(root, counts.ToImmutable(), generation);
    }

    private static StoreNode Change(StoreNode node, ReadOnlySpan<string> names, Func<StoreNode, StoreNode> change) =>
        names.IsEmpty
            ? change(node)
            : node with
            {
                Children = node.Children.SetItem(names[0], Change(node.Children[names[0]], names[1..], change)),
            };

    private ImmutableDictionary<DomainId, int> Count(DomainId owner, int more) =>
        more == 0 ? _nodesOwned : _nodesOwned.SetItem(owner, NodesOwnedBy(owner) + more);
}
