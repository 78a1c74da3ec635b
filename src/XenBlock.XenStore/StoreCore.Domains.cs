using System.Globalization;
using System.Text;
using XenBlock.Protocol;

namespace XenBlock.XenStore;

/// <content>Domains, and what only dom0 may ask.</content>
internal sealed partial class StoreCore
{
    private readonly HashSet<DomainId> _introduced = [DomainId.Zero];
    private readonly Dictionary<DomainId, DomainId> _targets = [];

    /// <summary>The store now serves a domain; told to watches of @introduceDomain the first time.</summary>
    public void Introduce(DomainId domain)
    {
        if (_introduced.Add(domain)) FireAll([new StoreChange(new("@introduceDomain"), Before: null, false)]);
    }

    /// <summary>
    /// Makes a domain's directory, if it is missing, as a toolstack does (libxl__domain_make, libxl_create.c): dom0's,
    /// readable by the domain, which may write in some places below.
    /// </summary>
    public void MakeHome(DomainId domain)
    {
        StorePath home = StorePath.Home(domain);
        if (_tree.Find(home) is not null) return;
        var mine = new StorePermission(StoreRights.None, DomainId.Zero);
        StorePermissions readable = StorePermissions.Of(mine, new StorePermission(StoreRights.Read, domain));
        StorePermissions own = StorePermissions.Of(new StorePermission(StoreRights.None, domain));
        Make(home, readable);
        Make(new StorePath(home.Text + "/device"), readable);
        Make(new StorePath(home.Text + "/backend"), own);
        Make(new StorePath(home.Text + "/data"), own);
        byte[] number = Encoding.ASCII.GetBytes($"{domain.Value}");
        _tree = _tree.WithValue(new StorePath(home.Text + "/domid"), number, readable);
        FireAll([new StoreChange(home, Before: null, IsRemoval: false)]);

        void Make(StorePath path, StorePermissions permissions) =>
            _tree = _tree.WithValue(path, [], StorePermissions.ControlDomainOnly).WithPermissions(path, permissions);
    }

    /// <summary>A domain is gone; told to watches of @releaseDomain. False if it was not there.</summary>
    public bool Release(DomainId domain)
    {
        if (!_introduced.Remove(domain)) return false;
        _targets.Remove(domain);
        foreach (DomainId holder in _targets.Where(held => held.Value == domain).Select(held => held.Key).ToList())
            _targets.Remove(holder); // the rights of who is gone are not those of who has its number next
        foreach (StoreSession session in _sessions)
        {
            if (session.Domain == domain) Reset(session);
        }

        FireAll([new StoreChange(new("@releaseDomain"), Before: null, false)]);
        return true;
    }

    private (XsError Error, byte[] Answer) OnPrivileged(XsOperation operation, ReadOnlySpan<byte> payload)
    {
        switch (operation)
        {
            case XsOperation.Control:
                return Control(payload);
            case XsOperation.SetFeature:
                return (XsError.EINVAL, []); // there is none that could be switched
            case XsOperation.SetQuota:
                return (XsError.EPERM, []); // quotas stand from the start
        }

        if (!TryTakeDomain(ref payload, out DomainId domain) || domain == DomainId.Zero) return (XsError.EINVAL, []);
        bool isKnown = _introduced.Contains(domain);
        switch (operation)
        {
            case XsOperation.Introduce:
                // The page and the event channel are the machine's business: here a domain connects otherwise.
                if (XsPacket.SplitStrings(payload).Count < 2) return (XsError.EINVAL, []);
                Introduce(domain);
                return (XsError.None, Okay);
            case XsOperation.Release:
                return (Release(domain) ? XsError.None : XsError.ENOENT, Okay);
            case XsOperation.SetTarget:
                if (!TryTakeDomain(ref payload, out DomainId target)) return (XsError.EINVAL, []);
                if (!isKnown || !_introduced.Contains(target)) return (XsError.ENOENT, []);
                _targets[domain] = target;
                return (XsError.None, Okay);
            default:
                return (isKnown ? XsError.None : XsError.ENOENT, Okay);
        }
    }

    private static (XsError Error, byte[] Answer) Control(ReadOnlySpan<byte> payload)
    {
        string command = XsPacket.SplitStrings(payload).FirstOrDefault("");
        return command switch
        {
            "check" or "log" or "print" => (XsError.None, Okay),
            "help" => (XsError.None, XsPacket.Strings("check\nhelp\nlog on|off\nprint <string>")),
            _ => (XsError.EINVAL, []),
        };
    }

    private static (XsError Error, byte[] Answer) GetDomainPath(ReadOnlySpan<byte> payload) =>
        TryTakeDomain(ref payload, out DomainId domain)
            ? (XsError.None, XsPacket.Strings(StorePath.Home(domain).Text))
            : (XsError.EINVAL, []);

    private (XsError Error, byte[] Answer) IsDomainIntroduced(ReadOnlySpan<byte> payload) =>
        TryTakeDomain(ref payload, out DomainId domain)
            ? (XsError.None, XsPacket.Strings(_introduced.Contains(domain) ? "T" : "F"))
            : (XsError.EINVAL, []);

    private static (XsError Error, byte[] Answer) GetFeature(ReadOnlySpan<byte> payload)
    {
        bool isAsked = payload.IsEmpty || payload.SequenceEqual("\0"u8) || TryTakeDomain(ref payload, out _);
        return isAsked ? (XsError.None, XsPacket.Strings("0")) : (XsError.EINVAL, []);
    }

    private (XsError Error, byte[] Answer) GetQuota(ReadOnlySpan<byte> payload)
    {
        (string Name, int Value)[] quotas =
        [
            ("nodes", quota.NodesMax),
            ("watches", quota.WatchesMax),
            ("transactions", quota.TransactionsMax),
            ("transaction-nodes", quota.NodesPerTransactionMax),
            ("node-size", quota.NodeMaxBytes),
            ("node-permissions", quota.PermissionsPerNodeMax),
            ("outstanding", quota.RequestsOutstandingMax),
        ];
        List<string> arguments = XsPacket.SplitStrings(payload);
        string name = arguments.LastOrDefault("");
        if (name.Length == 0) return (XsError.None, XsPacket.Strings(string.Join(' ', quotas.Select(q => q.Name))));
        foreach ((string known, int value) in quotas)
        {
            if (known == name) return (XsError.None, XsPacket.Strings($"{value}"));
        }

        return (XsError.ENOENT, []);
    }

    private static bool TryTakeDomain(ref ReadOnlySpan<byte> payload, out DomainId domain)
    {
        domain = default;
        if (!XsPacket.TryTakeString(ref payload, out ReadOnlySpan<byte> text)) return false;
        if (!ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort value)) return false;
        domain = new DomainId(value);
        return value < DomainId.FirstReserved;
    }
}
