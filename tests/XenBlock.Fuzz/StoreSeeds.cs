using System.Text;
using XenBlock.XenStore;

namespace XenBlock.Fuzz;

/// <summary>Sessions of honest clients, as <see cref="StoreTarget"/> reads them.</summary>
internal static class StoreSeeds
{
    public static IEnumerable<byte[]> All()
    {
        yield return Session(
            (0, XsOperation.Write, 0, "/a/b\0one"),
            (0, XsOperation.SetPermissions, 0, "/a/b\0n0\0r1\0"),
            (1, XsOperation.Read, 0, "/a/b\0"),
            (2, XsOperation.Read, 0, "/a/b\0"),
            (0, XsOperation.Directory, 0, "/a\0"),
            (1, XsOperation.GetPermissions, 0, "/a/b\0"),
            (0, XsOperation.Remove, 0, "/a\0"));
        yield return Session(
            (1, XsOperation.Watch, 0, "data\0token\0"),
            (1, XsOperation.Write, 0, "data/x\0value"),
            (3, XsOperation.Read, 0, "data/x\0"),
            (0, XsOperation.Remove, 0, "/local/domain/1/data\0"),
            (1, XsOperation.Unwatch, 0, "data\0token\0"));
        yield return Session(
            (1, XsOperation.TransactionStart, 0, "\0"),
            (1, XsOperation.Write, 1, "data/y\0new"),
            (1, XsOperation.Directory, 1, "data\0"),
            (3, XsOperation.Write, 0, "data/y\0other"),
            (1, XsOperation.TransactionEnd, 1, "T\0"));
        yield return Session(
            (0, XsOperation.TransactionStart, 0, "\0"),
            (0, XsOperation.MakeDirectory, 1, "/local/domain/2\0"),
            (0, XsOperation.SetPermissions, 1, "/local/domain/2\0b2\0"),
            (0, XsOperation.TransactionEnd, 1, "T\0"),
            (2, XsOperation.MakeDirectory, 0, "device\0"),
            (2, XsOperation.DirectoryPart, 0, "/local/domain/2\0" + "0\0"),
            (0, XsOperation.SetTarget, 0, "1\0" + "2\0"),
            (1, XsOperation.Read, 0, "/local/domain/2/device\0"));
        yield return Session(
            (0, XsOperation.Introduce, 0, "3\0" + "1\0" + "1\0"),
            (0, XsOperation.IsDomainIntroduced, 0, "3\0"),
            (0, XsOperation.Watch, 0, "@releaseDomain\0r\0"),
            (0, XsOperation.Release, 0, "2\0"),
            (2, XsOperation.ResetWatches, 0, "\0"),
            (1, XsOperation.GetDomainPath, 0, "1\0"),
            (0, XsOperation.Control, 0, "help\0"),
            (0, XsOperation.GetQuota, 0, "nodes\0"),
            (0, XsOperation.GetFeature, 0, "\0"),
            (0, XsOperation.SetFeature, 0, "1\0"),
            (0, XsOperation.Resume, 0, "1\0"));
    }

    private static byte[] Session(params (int Who, XsOperation What, int Transaction, string Payload)[] packets)
    {
        var writer = new InputWriter();
        foreach ((int who, XsOperation what, int transaction, string payload) in packets)
        {
            writer.Byte(who).Byte((int)what).Byte(transaction).Byte(payload.Length)
                .Bytes(Encoding.Latin1.GetBytes(payload));
        }

        return writer.ToArray();
    }
}
