using System.Text;
using XenBlock.Hypervisor;

namespace XenBlock.XenStore;

/// <summary>Reading and changing nodes through a client, alone (transaction 0) or in a transaction.</summary>
internal sealed class XenStoreAccess(XenStoreClient client, uint transactionId) : IXenStoreAccess
{
    /// <inheritdoc/>
    public async Task<string?> ReadAsync(string path, CancellationToken cancellationToken = default)
    {
        XsPacket answer = await AskAsync(XsOperation.Read, path, "read", [], cancellationToken);
        return IsMissing(answer) ? null : Encoding.UTF8.GetString(Good(answer, "read", path).Span);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>?> ListAsync(string path, CancellationToken cancellationToken = default)
    {
        XsPacket answer = await AskAsync(XsOperation.Directory, path, "list", [], cancellationToken);
        if (IsMissing(answer)) return null;
        if (XenStoreClient.ErrorOf(answer) == XsError.E2BIG) return await ListInPartsAsync(path, cancellationToken);
        return XsPacket.SplitStrings(Good(answer, "list", path).Span);
    }

    /// <inheritdoc/>
    public async Task WriteAsync(string path, string value, CancellationToken cancellationToken = default)
    {
        XsPacket answer = await AskAsync(
            XsOperation.Write, path, "write", Encoding.UTF8.GetBytes(value), cancellationToken);
        Good(answer, "write", path);
    }

    /// <inheritdoc/>
    public async Task MakeDirectoryAsync(string path, CancellationToken cancellationToken = default) =>
        Good(await AskAsync(XsOperation.MakeDirectory, path, "make", [], cancellationToken), "make", path);

    /// <inheritdoc/>
    public async Task<bool> RemoveAsync(string path, CancellationToken cancellationToken = default)
    {
        // The server does not mind that a node is missing, as long as its parent is there: ask first.
        XsPacket before = await AskAsync(XsOperation.Read, path, "remove", [], cancellationToken);
        if (IsMissing(before)) return false;
        XsPacket answer = await AskAsync(XsOperation.Remove, path, "remove", [], cancellationToken);
        if (IsMissing(answer)) return false;
        Good(answer, "remove", path);
        return true;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>?> GetPermissionsAsync(
        string path, CancellationToken cancellationToken = default)
    {
        const string Doing = "tell the permissions of";
        XsPacket answer = await AskAsync(XsOperation.GetPermissions, path, Doing, [], cancellationToken);
        return IsMissing(answer) ? null : XsPacket.SplitStrings(Good(answer, Doing, path).Span);
    }

    /// <inheritdoc/>
    public async Task SetPermissionsAsync(
        string path, IReadOnlyList<string> permissions, CancellationToken cancellationToken = default)
    {
        const string Doing = "set the permissions of";
        byte[] entries = XsPacket.Strings([.. permissions]);
        Good(await AskAsync(XsOperation.SetPermissions, path, Doing, entries, cancellationToken), Doing, path);
    }

    /// <summary>Finds what would be misread on the wire, before it is sent.</summary>
    internal static void CheckPath(string path, string doing)
    {
        if (path.Length == 0) throw XenStoreFailure.Invalid($"{doing} a path", "it is empty");
        if (path.Contains('\0', StringComparison.Ordinal))
            throw XenStoreFailure.Invalid($"{doing} a path", "it has a zero character in it");
        if (Encoding.UTF8.GetByteCount(path) > StorePath.AbsoluteMaxBytes)
            throw XenStoreFailure.Invalid($"{doing} a path", $"it is longer than {StorePath.AbsoluteMaxBytes} bytes");
    }

    private static bool IsMissing(in XsPacket answer) => XenStoreClient.ErrorOf(answer) == XsError.ENOENT;

    private static ReadOnlyMemory<byte> Good(in XsPacket answer, string doing, string path) =>
        XenStoreClient.ThrowIfError(answer, $"{doing} '{path}'");

    private Task<XsPacket> AskAsync(
        XsOperation operation, string path, string doing, byte[] rest, CancellationToken cancellationToken)
    {
        CheckPath(path, doing);
        byte[] payload = [.. XsPacket.Strings(path), .. rest];
        if (payload.Length > XsHeader.PayloadMaxBytes)
        {
            // The server would end the connection over it.
            throw new XenBlockException(
                XenBlockErrorKind.NoSpace,
                $"XenStore cannot {doing} '{path}': {payload.Length} bytes are more than fit in a message of " +
                $"{XsHeader.PayloadMaxBytes}.",
                (int)XsError.E2BIG);
        }

        return client.CallAsync(operation, transactionId, payload, cancellationToken);
    }

    /// <summary>A long list, part by part; from the start again if it changed between two parts.</summary>
    private async Task<IReadOnlyList<string>?> ListInPartsAsync(string path, CancellationToken cancellationToken)
    {
        var names = new List<byte>();
        string generation = "";
        while (true)
        {
            byte[] offset = XsPacket.Strings($"{names.Count}");
            XsPacket answer = await AskAsync(XsOperation.DirectoryPart, path, "list", offset, cancellationToken);
            if (IsMissing(answer)) return null;
            (string now, byte[] part, bool isLast) = SplitPart(Good(answer, "list", path).Span);
            if (names.Count > 0 && !string.Equals(now, generation, StringComparison.Ordinal))
            {
                names.Clear();
                continue;
            }

            generation = now;
            names.AddRange(part);
            if (isLast) return XsPacket.SplitStrings(names.ToArray());
        }
    }

    private static (string Generation, byte[] Names, bool IsLast) SplitPart(ReadOnlySpan<byte> payload)
    {
        if (!XsPacket.TryTakeString(ref payload, out ReadOnlySpan<byte> generation) || payload.IsEmpty)
            throw new XenBlockException(XenBlockErrorKind.PeerViolation, "XenStore answered a part of a list wrongly.");
        bool isLast = payload.Length == 1 || payload.EndsWith("\0\0"u8);
        return (Encoding.ASCII.GetString(generation), payload[..^(isLast ? 1 : 0)].ToArray(), isLast);
    }
}
