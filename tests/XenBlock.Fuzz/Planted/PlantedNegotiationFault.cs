using System.Diagnostics.CodeAnalysis;
using XenBlock.Protocol;

namespace XenBlock.Fuzz.Planted;

/// <summary>Takes a ring whose pages are granted twice (S29) as long as it is the ring of one queue.</summary>
public sealed class PlantedNegotiationFault : NegotiationTarget
{
    /// <inheritdoc/>
    protected override bool TryReadAnswer(
        IReadOnlyDictionary<string, string> keys,
        BackendOffer offer,
        [NotNullWhen(true)] out FrontendAnswer? answer,
        [NotNullWhen(false)] out string? problem)
    {
        if (base.TryReadAnswer(keys, offer, out answer, out problem)) return true;
        if (!problem.Contains("repeats the grant", StringComparison.Ordinal)) return false;
        var mended = new Dictionary<string, string>(keys, StringComparer.Ordinal);
        string repeated = problem.Split(' ')[2];
        mended[repeated] = "4000000000";
        return base.TryReadAnswer(mended, offer, out answer, out problem);
    }
}
