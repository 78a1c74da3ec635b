using System.Text;

namespace XenBlock.XenStore;

/// <content>Watches.</content>
internal sealed partial class StoreCore
{
    private (XsError Error, byte[] Answer) Watch(StoreSession session, ReadOnlySpan<byte> payload)
    {
        if (!TryTakeWatch(session, payload, out StorePath path, out string registered, out byte[] token))
            return (XsError.EINVAL, []);
        if (session.Watches.Exists(watch => Matches(watch, registered, token))) return (XsError.EEXIST, []);
        if (!CallerOf(session).IsPrivileged && session.Watches.Count >= quota.WatchesMax) return (XsError.E2BIG, []);
        var watch = new StoreWatch(session, path, registered, token);
        session.Watches.Add(watch);
        _watches.Add(watch);
        return (XsError.None, Okay);
    }

    /// <summary>A new watch fires once, after the answer that tells the client that it stands.</summary>
    private void FireFirst(StoreSession session)
    {
        StoreWatch watch = session.Watches[^1];
        session.Fire(watch, watch.Path, quota.EventsPerWatchMax);
    }

    private (XsError Error, byte[] Answer) Unwatch(StoreSession session, ReadOnlySpan<byte> payload)
    {
        if (!TryTakeWatch(session, payload, out _, out string registered, out byte[] token))
            return (XsError.EINVAL, []);
        int index = session.Watches.FindIndex(watch => Matches(watch, registered, token));
        if (index < 0) return (XsError.ENOENT, []);
        _watches.Remove(session.Watches[index]);
        session.Watches.RemoveAt(index);
        return (XsError.None, Okay);
    }

    private static bool Matches(StoreWatch watch, string registered, byte[] token) =>
        watch.Registered == registered && watch.Token.AsSpan().SequenceEqual(token);

    private static bool TryTakeWatch(
        StoreSession session, ReadOnlySpan<byte> payload, out StorePath path, out string registered, out byte[] token)
    {
        token = [];
        registered = "";
        path = default;
        if (!XsPacket.TryTakeString(ref payload, out ReadOnlySpan<byte> raw)) return false;
        if (!StorePath.TryParse(raw, session.Domain, out path)) return false;
        if (!XsPacket.TryTakeString(ref payload, out ReadOnlySpan<byte> mark)) return false;
        // An event carries a path below the watched one and the token, in one message: both must fit.
        if (mark.Length + StorePath.AbsoluteMaxBytes + 2 > XsHeader.PayloadMaxBytes) return false;
        registered = Encoding.ASCII.GetString(raw);
        token = mark.ToArray();
        return true;
    }

    private void FireAll(List<StoreChange> changes)
    {
        foreach (StoreChange change in changes)
        {
            foreach ((StoreWatch watch, StorePath changed) in _watches.Concerned(change))
            {
                if (MayHear(CallerOf(watch.Session), change, changed))
                    watch.Session.Fire(watch, changed, quota.EventsPerWatchMax);
            }
        }
    }

    /// <summary>
    /// A caller hears of what it may read, could read before, or whose parent it may read: as xenstored, so that a
    /// readable node that goes leaves nobody waiting.
    /// </summary>
    private bool MayHear(StoreCaller caller, StoreChange change, StorePath changed)
    {
        if (caller.IsPrivileged) return true;
        if (changed.IsSpecial) return PermissionsOfSpecial(changed).Allow(caller, StoreRights.Read);
        if (change.Before?.Permissions.Allow(caller, StoreRights.Read) == true) return true;
        if (_tree.Find(changed)?.Permissions.Allow(caller, StoreRights.Read) == true) return true;
        return _tree.Nearest(changed.Parent, out _).Permissions.Allow(caller, StoreRights.Read);
    }
}
