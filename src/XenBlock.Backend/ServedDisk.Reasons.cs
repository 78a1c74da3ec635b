using XenBlock.Hypervisor;

namespace XenBlock.Backend;

/// <content>
/// How the pages of requests are reached, and why, in words: in our directory of XenStore, where another process can
/// read it while the disk is served.
/// </content>
public sealed partial class ServedDisk
{
    private static readonly TimeSpan _reasonsInterval = TimeSpan.FromSeconds(5);
    private const int ReasonsRefreshTicks = 12;

    /// <summary>How the pages of requests are reached, and why, in words; null before the first connection.</summary>
    public string? AccessReasons => Agreed is not { } agreed ? null : _options.Access switch
    {
        PayloadAccess.Map => "map: each request's pages are mapped, and unmapped before its response",
        PayloadAccess.Batch => "batch: as map, and the unmaps of many requests are one call",
        PayloadAccess.Copy => "copy: nothing is mapped",
        PayloadAccess.Persistent when agreed.Persistent => "persistent: pages stay mapped, as the frontend agreed",
        PayloadAccess.Persistent => "batch, where persistent was wished for: the frontend keeps no grants",
        _ => (agreed.Persistent ? "auto: pages are kept mapped while there is room; else " : "auto: ")
            + Backend.AccessCosts.InWords(AccessCosts),
    };

    // The numbers change all the time; what was chosen seldom does. Only that is told at once.
    private async Task PublishReasonsAsync()
    {
        string? told = null;
        IReadOnlyList<AccessWay> choices = [];
        using var timer = new PeriodicTimer(_reasonsInterval, _hypervisor.Time);
        try
        {
            for (int tick = 0; await timer.WaitForNextTickAsync(_ending.Token); tick++)
            {
                string? reasons = AccessReasons;
                IReadOnlyList<AccessWay> now = [.. AccessCosts.Select(cost => cost.Chosen)];
                bool isDue = told is null || !now.SequenceEqual(choices) || tick % ReasonsRefreshTicks == 0;
                if (!isDue || string.Equals(reasons, told, StringComparison.Ordinal)) continue;
                await _directory.PublishReasonsAsync(reasons!);
                (told, choices) = (reasons, now);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or XenBlockException)
        {
            // Served or not, nothing depends on it.
        }
    }
}
