namespace XenBlock.XenStore;

/// <summary>
/// A transaction: works on a snapshot, remembers what it touched, and is played again on the live tree at commit if
/// nobody else changed any of that.
/// </summary>
internal sealed class StoreTransaction(uint id, StoreTree start, StoreCaller caller, StoreQuota quota)
{
    private readonly Dictionary<StorePath, StoreTouch> _touched = [];
    private readonly List<Step> _steps = [];
    private readonly List<StoreChange> _changes = [];
    private readonly StoreTree _snapshot = start;
    private StoreTree _tree = start;

    /// <summary>A step that changes the tree.</summary>
    internal delegate XsError Step(ref StoreTree tree, List<StoreChange> changes);

    /// <summary>Its number on the wire, never 0.</summary>
    public uint Id => id;

    /// <summary>The tree as the transaction sees it.</summary>
    public StoreTree Tree => _tree;

    /// <summary>Notes what the next step relies on.</summary>
    /// <returns><see cref="XsError.ENOSPC"/> if it would touch more nodes than the quota allows.</returns>
    public XsError Touch(StorePath path, StoreTouch touch)
    {
        if (_touched.TryGetValue(path, out StoreTouch before))
        {
            if (touch > before) _touched[path] = touch;
            return XsError.None;
        }

        if (!caller.IsPrivileged && _touched.Count >= quota.NodesPerTransactionMax) return XsError.ENOSPC;
        _touched.Add(path, touch);
        return XsError.None;
    }

    /// <summary>Takes a step on the snapshot, and keeps it for the commit if it went well.</summary>
    public XsError Take(Step step)
    {
        // Steps that change the same few nodes for ever would grow the list: the same bound as for touching.
        if (!caller.IsPrivileged && _steps.Count >= quota.NodesPerTransactionMax) return XsError.ENOSPC;
        XsError error = step(ref _tree, _changes);
        if (error == XsError.None) _steps.Add(step);
        return error;
    }

    /// <summary>Commits to the live tree.</summary>
    /// <param name="live">The live tree; changed only if the commit goes well.</param>
    /// <param name="changes">Filled with what happened.</param>
    /// <returns><see cref="XsError.EAGAIN"/> on a conflict, or a quota that is reached by now.</returns>
    public XsError Commit(ref StoreTree live, List<StoreChange> changes)
    {
        List<StoreChange> happened = _changes;
        StoreTree result = _tree;
        if (live != _snapshot)
        {
            foreach ((StorePath path, StoreTouch touch) in _touched)
            {
                if (HasChanged(_snapshot.Find(path), live.Find(path), touch)) return XsError.EAGAIN;
            }

            happened = [];
            result = live;
            foreach (Step step in _steps)
            {
                XsError error = step(ref result, happened);
                if (error != XsError.None) return error == XsError.ENOSPC ? error : XsError.EAGAIN;
            }
        }

        live = result;
        changes.AddRange(happened);
        return XsError.None;
    }

    private static bool HasChanged(StoreNode? before, StoreNode? now, StoreTouch touch)
    {
        if (ReferenceEquals(before, now)) return false;
        if (before is null || now is null || touch == StoreTouch.Subtree) return true;
        if (touch == StoreTouch.Presence) return false;
        if (before.Value != now.Value || before.Permissions != now.Permissions) return true;
        return touch == StoreTouch.Children
            && !before.Children.Keys.SequenceEqual(now.Children.Keys, StringComparer.Ordinal);
    }
}
