using System.Globalization;
using System.Text;

namespace XenBlock.XenStore;

/// <content>Requests on nodes, in a transaction or not.</content>
internal sealed partial class StoreCore
{
    private readonly Dictionary<string, StorePermissions> _specialPermissions = new(StringComparer.Ordinal);

    private (XsError Error, byte[] Answer) OnNode(StoreSession session, in XsPacket request)
    {
        StoreTransaction? transaction = null;
        if (request.TransactionId != 0 && !session.Transactions.TryGetValue(request.TransactionId, out transaction))
            return (XsError.ENOENT, []);
        ReadOnlySpan<byte> rest = request.Payload.Span;
        if (!XsPacket.TryTakeString(ref rest, out ReadOnlySpan<byte> raw)) return (XsError.EINVAL, []);
        if (!StorePath.TryParse(raw, session.Domain, out StorePath path)) return (XsError.EINVAL, []);
        StoreCaller caller = CallerOf(session);
        if (path.IsSpecial) return OnSpecial(caller, request.Operation, path, rest);
        if (transaction is not null)
        {
            XsError error = Touch(transaction, request.Operation, path);
            if (error != XsError.None) return (error, []);
        }

        return request.Operation switch
        {
            XsOperation.Read or XsOperation.Directory or XsOperation.DirectoryPart or XsOperation.GetPermissions =>
                Look(transaction?.Tree ?? _tree, caller, request.Operation, path, rest),
            _ => Change(transaction, caller, request.Operation, path, rest),
        };
    }

    private static XsError Touch(StoreTransaction transaction, XsOperation operation, StorePath path)
    {
        switch (operation)
        {
            case XsOperation.Directory or XsOperation.DirectoryPart:
                return transaction.Touch(path, StoreTouch.Children);
            case XsOperation.Remove:
                // Whether it is an error that a node is missing depends on its parent.
                XsError error = transaction.Touch(path.Parent, StoreTouch.Presence);
                return error == XsError.None ? transaction.Touch(path, StoreTouch.Subtree) : error;
            default:
                return transaction.Touch(path, StoreTouch.Node);
        }
    }

    private static (XsError Error, byte[] Answer) Look(
        StoreTree tree, StoreCaller caller, XsOperation operation, StorePath path, ReadOnlySpan<byte> rest)
    {
        XsError error = StoreOperations.Find(tree, caller, path, out StoreNode? node);
        if (node is null) return (error, []);
        return operation switch
        {
            XsOperation.Read => (XsError.None, node.Value),
            // A node that a guest made has its parent's entries but for the owner, whose number may be a longer one.
            XsOperation.GetPermissions => IfItFits(XsPacket.Strings(node.Permissions.ToStrings())),
            XsOperation.Directory => IfItFits(XsPacket.Strings([.. node.Children.Keys])),
            _ => ListPart(node, rest),
        };
    }

    private static (XsError Error, byte[] Answer) IfItFits(byte[] answer) =>
        answer.Length > XsHeader.PayloadMaxBytes ? (XsError.E2BIG, []) : (XsError.None, answer);

    /// <summary>
    /// Generation, then as many whole names from the offset on as fit. An empty name says that the list ends here, as
    /// xenstored does it.
    /// </summary>
    private static (XsError Error, byte[] Answer) ListPart(StoreNode node, ReadOnlySpan<byte> rest)
    {
        string text = XsPacket.TryTakeString(ref rest, out ReadOnlySpan<byte> number)
            ? Encoding.ASCII.GetString(number)
            : "";
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int offset))
            return (XsError.EINVAL, []);
        byte[] names = XsPacket.Strings([.. node.Children.Keys]);
        byte[] generation = XsPacket.Strings($"{node.Generation}");
        if (offset >= names.Length) return (XsError.None, [.. generation, 0]);
        int lengthBytes = names.Length - offset;
        int roomBytes = XsHeader.PayloadMaxBytes - generation.Length;
        if (lengthBytes < roomBytes) return (XsError.None, [.. generation, .. names.AsSpan(offset), 0]);
        // Up to the last name that fits as a whole. One that does not, of 4 KiB, cannot exist: a path is shorter.
        lengthBytes = names.AsSpan(offset, roomBytes).LastIndexOf((byte)0) + 1;
        return (XsError.None, [.. generation, .. names.AsSpan(offset, lengthBytes)]);
    }

    private (XsError Error, byte[] Answer) Change(
        StoreTransaction? transaction,
        StoreCaller caller,
        XsOperation operation,
        StorePath path,
        ReadOnlySpan<byte> rest)
    {
        byte[]? value = operation == XsOperation.Write ? rest.ToArray() : null;
        StorePermissions? permissions = null;
        if (operation == XsOperation.SetPermissions && !StorePermissions.TryParse(rest, out permissions))
            return (XsError.EINVAL, []);
        StoreTransaction.Step step = (ref StoreTree tree, List<StoreChange> changes) => operation switch
        {
            XsOperation.Remove => StoreOperations.Remove(ref tree, caller, path, changes),
            XsOperation.SetPermissions =>
                StoreOperations.SetPermissions(ref tree, caller, quota, path, permissions!, changes),
            _ => StoreOperations.Write(ref tree, caller, quota, path, value, changes),
        };
        if (transaction is not null) return (transaction.Take(step), Okay);
        var happened = new List<StoreChange>();
        XsError error = step(ref _tree, happened);
        FireAll(happened);
        return (error, Okay);
    }

    /// <summary>"@releaseDomain" and its like are no nodes, but say by their permissions who hears of them.</summary>
    private (XsError Error, byte[] Answer) OnSpecial(
        StoreCaller caller, XsOperation operation, StorePath path, ReadOnlySpan<byte> rest)
    {
        if (path.Text is not ("@introduceDomain" or "@releaseDomain")) return (XsError.EINVAL, []);
        StorePermissions now = PermissionsOfSpecial(path);
        switch (operation)
        {
            case XsOperation.GetPermissions:
                return now.Allow(caller, StoreRights.Read)
                    ? (XsError.None, XsPacket.Strings(now.ToStrings()))
                    : (XsError.EACCES, []);
            case XsOperation.SetPermissions:
                if (!caller.IsPrivileged) return (XsError.EACCES, []);
                if (!StorePermissions.TryParse(rest, out StorePermissions? permissions)) return (XsError.EINVAL, []);
                _specialPermissions[path.Text] = permissions!;
                return (XsError.None, Okay);
            default:
                return (XsError.EINVAL, []);
        }
    }

    private StorePermissions PermissionsOfSpecial(StorePath path) =>
        _specialPermissions.GetValueOrDefault(path.Text, StorePermissions.ControlDomainOnly);
}
