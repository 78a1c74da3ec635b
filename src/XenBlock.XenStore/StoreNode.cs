using System.Collections.Immutable;

namespace XenBlock.XenStore;

/// <summary>
/// A node and all below it, immutable: a change makes new nodes from there up to the root and shares the rest, so a
/// snapshot costs nothing and "nothing changed here" is one comparison of references.
/// </summary>
/// <param name="Value">The value; nobody writes to the array.</param>
/// <param name="Permissions">Who may do what.</param>
/// <param name="Children">By name, in ordinal order.</param>
/// <param name="Generation">The tree's count of changes when value, permissions or the set of children last
/// changed.</param>
internal sealed record StoreNode(
    byte[] Value,
    StorePermissions Permissions,
    ImmutableSortedDictionary<string, StoreNode> Children,
    ulong Generation)
{
    /// <summary>No children.</summary>
    public static ImmutableSortedDictionary<string, StoreNode> NoChildren { get; } =
        ImmutableSortedDictionary.Create<string, StoreNode>(StringComparer.Ordinal);

    /// <summary>Equal means: the same snapshot of the same node.</summary>
    public bool Equals(StoreNode? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}
