namespace XenBlock.XenStore;

/// <summary>
/// What a caller can do to a tree, with permissions and quotas checked; the tree stays as it was on an error.
/// </summary>
internal static class StoreOperations
{
    /// <summary>Finds a node to read its value, children or permissions.</summary>
    public static XsError Find(StoreTree tree, StoreCaller caller, StorePath path, out StoreNode? node)
    {
        node = tree.Nearest(path, out int missing);
        XsError error = (missing > 0, node.Permissions.Allow(caller, StoreRights.Read)) switch
        {
            (_, false) => XsError.EACCES, // also where nothing is: whether it is there is nobody's business
            (true, true) => XsError.ENOENT,
            _ => XsError.None,
        };
        if (error != XsError.None) node = null;
        return error;
    }

    /// <summary>Sets a value; with null, makes the node if it is missing and changes nothing if it is there.</summary>
    public static XsError Write(
        ref StoreTree tree,
        StoreCaller caller,
        StoreQuota quota,
        StorePath path,
        byte[]? value,
        List<StoreChange> changes)
    {
        StoreNode nearest = tree.Nearest(path, out int missing);
        if (missing == 0 && value is null)
            return nearest.Permissions.Allow(caller, StoreRights.Read) ? XsError.None : XsError.EACCES;
        if (!nearest.Permissions.Allow(caller, StoreRights.Write)) return XsError.EACCES;
        StorePermissions permissions = nearest.Permissions;
        if (!caller.IsPrivileged)
        {
            permissions = permissions.WithOwner(caller.Domain);
            if (value?.Length > quota.NodeMaxBytes) return XsError.ENOSPC;
            if (missing > 0 && tree.NodesOwnedBy(caller.Domain) + missing > quota.NodesMax) return XsError.ENOSPC;
        }

        tree = tree.WithValue(path, value ?? [], permissions);
        changes.Add(new StoreChange(path, Before: null, IsRemoval: false));
        return XsError.None;
    }

    /// <summary>Removes a node and all below it. No error if it was not there but its parent is.</summary>
    public static XsError Remove(ref StoreTree tree, StoreCaller caller, StorePath path, List<StoreChange> changes)
    {
        if (path.IsRoot) return XsError.EINVAL;
        StoreNode nearest = tree.Nearest(path, out int missing);
        if (!nearest.Permissions.Allow(caller, StoreRights.Write)) return XsError.EACCES;
        if (missing > 0) return missing == 1 ? XsError.None : XsError.ENOENT;
        tree = tree.Without(path);
        changes.Add(new StoreChange(path, nearest, IsRemoval: true));
        return XsError.None;
    }

    /// <summary>Sets permissions: the owner may, but only dom0 may give a node to another owner.</summary>
    public static XsError SetPermissions(
        ref StoreTree tree,
        StoreCaller caller,
        StoreQuota quota,
        StorePath path,
        StorePermissions permissions,
        List<StoreChange> changes)
    {
        StoreNode nearest = tree.Nearest(path, out int missing);
        if (!nearest.Permissions.Allow(caller, StoreRights.Write | StoreRights.Own)) return XsError.EACCES;
        if (missing > 0) return XsError.ENOENT;
        if (!caller.IsPrivileged)
        {
            if (permissions.Entries.Length > quota.PermissionsPerNodeMax) return XsError.ENOSPC;
            if (permissions.Owner != nearest.Permissions.Owner) return XsError.EPERM;
        }

        tree = tree.WithPermissions(path, permissions);
        changes.Add(new StoreChange(path, nearest, IsRemoval: false));
        return XsError.None;
    }
}
