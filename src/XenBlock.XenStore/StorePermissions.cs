using System.Collections.Immutable;
using XenBlock.Protocol;

namespace XenBlock.XenStore;

/// <summary>
/// A node's permissions. The first entry names the owner, and its letter is for everybody who is not named after it.
/// </summary>
internal sealed class StorePermissions
{
    private readonly ImmutableArray<StorePermission> _entries;

    private StorePermissions(ImmutableArray<StorePermission> entries) => _entries = entries;

    /// <summary>dom0's alone, "n0": the root, and every special event.</summary>
    public static StorePermissions ControlDomainOnly { get; } =
        Of(new StorePermission(StoreRights.None, DomainId.Zero));

    /// <summary>The owner.</summary>
    public DomainId Owner => _entries[0].Domain;

    /// <summary>The entries, owner first.</summary>
    public ImmutableArray<StorePermission> Entries => _entries;

    /// <summary>Permissions of these entries, at least one.</summary>
    public static StorePermissions Of(params ReadOnlySpan<StorePermission> entries) => new([.. entries]);

    /// <summary>The same with another owner: what a node that a guest makes gets from its parent.</summary>
    public StorePermissions WithOwner(DomainId owner) =>
        owner == Owner ? this : new(_entries.SetItem(0, _entries[0] with { Domain = owner }));

    /// <summary>What a caller may do.</summary>
    public StoreRights RightsOf(StoreCaller caller)
    {
        if (caller.IsPrivileged || caller.Is(Owner)) return StoreRights.Read | StoreRights.Write | StoreRights.Own;
        for (int i = 1; i < _entries.Length; i++)
        {
            if (caller.Is(_entries[i].Domain)) return _entries[i].Rights;
        }

        return _entries[0].Rights;
    }

    /// <summary>True if a caller may do all of <paramref name="wanted"/>.</summary>
    public bool Allow(StoreCaller caller, StoreRights wanted) => (RightsOf(caller) & wanted) == wanted;

    /// <summary>Reads zero-terminated entries, at least one.</summary>
    public static bool TryParse(ReadOnlySpan<byte> payload, out StorePermissions? permissions)
    {
        permissions = null;
        var entries = ImmutableArray.CreateBuilder<StorePermission>();
        while (XsPacket.TryTakeString(ref payload, out ReadOnlySpan<byte> text))
        {
            if (!StorePermission.TryParse(text, out StorePermission entry)) return false;
            entries.Add(entry);
        }

        if (entries.Count == 0 || !payload.IsEmpty) return false;
        permissions = new StorePermissions(entries.ToImmutable());
        return true;
    }

    /// <summary>The entries as text, owner first.</summary>
    public string[] ToStrings() => [.. _entries.Select(static entry => entry.ToString())];
}
