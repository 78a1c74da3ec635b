namespace XenBlock.XenStore;

/// <summary>A watch that stands.</summary>
/// <param name="session">Who set it.</param>
/// <param name="path">What it watches.</param>
/// <param name="registered">The path as it was sent, to take it away by.</param>
/// <param name="token">The caller's mark, echoed in events.</param>
internal sealed class StoreWatch(StoreSession session, StorePath path, string registered, byte[] token)
{
    /// <summary>Who set it.</summary>
    public StoreSession Session => session;

    /// <summary>What it watches.</summary>
    public StorePath Path => path;

    /// <summary>The path as it was sent.</summary>
    public string Registered => registered;

    /// <summary>The caller's mark.</summary>
    public byte[] Token => token;

    /// <summary>True once it was taken away: events that still wait are dropped.</summary>
    public bool IsGone { get; set; }

    /// <summary>Paths with an event that waits to be read.</summary>
    public HashSet<string> Waiting { get; } = new(StringComparer.Ordinal);

    /// <summary>A path as this watch reports it: relative if the watch was set so.</summary>
    public string Report(StorePath changed)
    {
        if (registered[0] is '/' or '@') return changed.Text;
        string home = StorePath.Home(session.Domain).Text;
        return changed.Text[(home.Length + 1)..];
    }
}
