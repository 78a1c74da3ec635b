using System.Globalization;

namespace XenBlock.Protocol;

/// <summary>
/// A virtual block device's number, the "virtual-device" key: what it means to the guest is in <see cref="VbdName"/>.
/// </summary>
/// <param name="Value">The number as it stands in XenStore paths, 1 to 2^31 - 1.</param>
public readonly record struct VbdNumber(uint Value)
{
    /// <summary>The number as it stands in XenStore paths.</summary>
    public string Decimal => Value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Its name, as "xvda", or the number where it has none.</summary>
    public override string ToString() => VbdName.Format(this);
}
