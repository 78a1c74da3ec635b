namespace XenBlock.XenStore;

/// <summary>All watches of all connections, by path.</summary>
internal sealed class WatchTable
{
    private readonly Dictionary<StorePath, List<StoreWatch>> _byPath = [];

    /// <summary>Adds a watch.</summary>
    public void Add(StoreWatch watch)
    {
        if (!_byPath.TryGetValue(watch.Path, out List<StoreWatch>? watches)) _byPath.Add(watch.Path, watches = []);
        watches.Add(watch);
    }

    /// <summary>Takes a watch away.</summary>
    public void Remove(StoreWatch watch)
    {
        watch.IsGone = true;
        List<StoreWatch> watches = _byPath[watch.Path];
        watches.Remove(watch);
        if (watches.Count == 0) _byPath.Remove(watch.Path);
    }

    /// <summary>
    /// Every watch that a change concerns, with the path to tell: watches on the path and above it are told the path;
    /// watches on what was removed with it are told their own.
    /// </summary>
    public IEnumerable<(StoreWatch Watch, StorePath Changed)> Concerned(StoreChange change)
    {
        for (StorePath path = change.Path; ; path = path.Parent)
        {
            foreach (StoreWatch watch in _byPath.GetValueOrDefault(path, [])) yield return (watch, change.Path);
            if (path.IsRoot || path.IsSpecial) break;
        }

        if (!change.IsRemoval) yield break;
        foreach ((StorePath path, List<StoreWatch> watches) in _byPath)
        {
            if (path == change.Path || !change.Path.Contains(path) || !Existed(change, path)) continue;
            foreach (StoreWatch watch in watches) yield return (watch, path);
        }
    }

    private static bool Existed(StoreChange removal, StorePath below)
    {
        StoreNode? node = removal.Before;
        foreach (string name in below.Text[(removal.Path.Text.Length + 1)..].Split('/'))
        {
            if (node is null || !node.Children.TryGetValue(name, out node)) return false;
        }

        return true;
    }
}
