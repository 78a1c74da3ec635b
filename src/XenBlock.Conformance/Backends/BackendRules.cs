namespace XenBlock.Conformance;

/// <summary>Every rule for backends, in the order in which they are tried.</summary>
internal static class BackendRules
{
    public static IReadOnlyList<BackendRule> All { get; } =
    [
        .. OfferRules.All,
        .. TransferRules.All,
        .. RefusalRules.All,
        .. CacheRules.All,
        .. IndirectRules.All,
        .. GrantRules.All,
        .. RingRules.All,
        .. LifeRules.All,
        .. ResponseRules.All,
        .. HostileRules.All,
    ];
}
