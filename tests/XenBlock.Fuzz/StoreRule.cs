using XenBlock.Protocol;
using XenBlock.XenStore;

namespace XenBlock.Fuzz;

/// <summary>
/// Who may do what with a node, and what a tree has to be, stated a second time: by the words that GET_PERMS gives, and
/// by walking the whole tree.
/// </summary>
internal static class StoreRule
{
    /// <summary>The node at an absolute path, or null; and the deepest one above it that is there.</summary>
    public static (StoreNode? Node, StoreNode Nearest) Find(StoreTree tree, string path)
    {
        StoreNode nearest = tree.Root;
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!nearest.Children.TryGetValue(name, out StoreNode? child)) return (null, nearest);
            nearest = child;
        }

        return (nearest, nearest);
    }

    /// <summary>
    /// The letters of a caller's rights: the owner's are "rwo"; who is named has its own, everybody else the first's.
    /// </summary>
    public static string Rights(StoreNode node, ushort caller, ushort? target)
    {
        string[] entries = node.Permissions.ToStrings();
        ushort owner = ushort.Parse(entries[0].AsSpan(1));
        if (caller == 0 || caller == owner || target == owner) return "rwo";
        string entry = entries.Skip(1).FirstOrDefault(entry => IsNamed(entry), entries[0]);
        return entry[0] switch { 'b' => "rw", 'n' => "", _ => entry[..1] };

        bool IsNamed(string entry) =>
            ushort.Parse(entry.AsSpan(1)) is var named && (named == caller || named == target);
    }

    /// <summary>What is wrong with a tree, or null.</summary>
    public static string? Wrong(StoreTree tree)
    {
        var owned = new Dictionary<DomainId, int>();
        var stack = new Stack<(string Path, StoreNode Node)>([("", tree.Root)]);
        while (stack.TryPop(out (string Path, StoreNode Node) next))
        {
            DomainId owner = next.Node.Permissions.Owner;
            owned[owner] = owned.GetValueOrDefault(owner) + 1;
            if (next.Node.Generation > tree.Generation) return $"{next.Path} is newer than its tree";
            foreach ((string name, StoreNode child) in next.Node.Children)
            {
                string path = $"{next.Path}/{name}";
                if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || "-_@".Contains(c)))
                    return $"{path} is no path";
                if (path.Length > StorePath.AbsoluteMaxBytes) return $"{path} is too long a path";
                stack.Push((path, child));
            }
        }

        foreach (ushort domain in (ushort[])[0, 1, 2, 3])
        {
            int counted = owned.GetValueOrDefault(new DomainId(domain));
            if (tree.NodesOwnedBy(new DomainId(domain)) != counted)
                return $"domain {domain} owns {counted} nodes, not {tree.NodesOwnedBy(new DomainId(domain))}";
        }

        return null;
    }

    /// <summary>A tree as text, for comparing two of them.</summary>
    public static string Dump(StoreNode node) =>
        $"{Convert.ToHexString(node.Value)}({string.Join(',', node.Permissions.ToStrings())})"
        + $"[{string.Join(';', node.Children.Select(child => $"{child.Key}={Dump(child.Value)}"))}]";
}
