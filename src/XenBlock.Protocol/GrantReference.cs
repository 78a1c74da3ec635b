namespace XenBlock.Protocol;

/// <summary>An index into a domain's grant table (<c>grant_ref_t</c>); 0 to 7 are reserved by Xen's tools.</summary>
/// <param name="Value">The index as it stands on the wire.</param>
public readonly record struct GrantReference(uint Value)
{
    /// <summary>References below this one are reserved (<c>GNTTAB_NR_RESERVED_ENTRIES</c>).</summary>
    public const uint FirstUsable = 8;

    /// <inheritdoc/>
    public override string ToString() => $"gref {Value}";
}
