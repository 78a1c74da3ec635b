namespace XenBlock.Protocol;

/// <summary>
/// A domain's number (<c>domid_t</c>, xen/include/public/xen.h): 0 is dom0, 0x7FF0 and above are reserved.
/// </summary>
/// <param name="Value">The number as it stands on the wire.</param>
public readonly record struct DomainId(ushort Value)
{
    /// <summary>The first reserved number, <c>DOMID_FIRST_RESERVED</c>, which is also <c>DOMID_SELF</c>.</summary>
    public const ushort FirstReserved = 0x7FF0;

    /// <summary>The control domain.</summary>
    public static DomainId Zero => new(0);

    /// <summary>"the calling domain itself", <c>DOMID_SELF</c>.</summary>
    public static DomainId Self => new(FirstReserved);

    /// <inheritdoc/>
    public override string ToString() => $"dom{Value}";
}
