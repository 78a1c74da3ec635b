using System.Globalization;
using XenBlock.Cli.CommandLine;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Cli.Serving;

/// <summary>A disk of a domain as the user names it: DOMAIN/VDEV, or DOMAIN-VDEV as a systemd unit does.</summary>
/// <param name="Domain">A number or a name.</param>
/// <param name="Vbd">The disk.</param>
internal sealed record VbdAddress(string Domain, VbdNumber Vbd)
{
    /// <summary>Reads it.</summary>
    /// <exception cref="UsageException">It makes no sense.</exception>
    public static VbdAddress Parse(string text)
    {
        int separator = text.LastIndexOf('/');
        if (separator < 0)
            separator = text.LastIndexOf('-');
        if (separator <= 0)
            throw new UsageException($"--vbd does not understand \"{text}\"; say it as DOMAIN/VDEV, as 5/xvda.");
        return new VbdAddress(text[..separator], ParseVdev(text[(separator + 1)..]));
    }

    /// <summary>Reads a disk's name.</summary>
    /// <exception cref="UsageException">It makes no sense.</exception>
    public static VbdNumber ParseVdev(string text) => VbdName.TryParse(text, out VbdNumber number, out string? problem)
        ? number
        : throw new UsageException(Failure.Sentence(problem));

    /// <summary>
    /// Finds a domain by its number or name. Outside dom0 other domains' nodes may not be read: there a number is taken
    /// as it is, and no name is known.
    /// </summary>
    /// <exception cref="UsageException">There is none.</exception>
    public static async Task<DomainId> FindDomainAsync(
        IXenStoreAccess store, string domain, CancellationToken token)
    {
        bool isNumber = ushort.TryParse(domain, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number);
        if (isNumber)
        {
            (bool isAllowed, string? home) = await ReadAsync(store, VbdPaths.Domain(new DomainId(number)), token);
            if (!isAllowed || home is not null)
                return new DomainId(number);
        }

        List<string> names = [];
        foreach (string id in await store.ListAsync("/local/domain", token) ?? [])
        {
            (_, string? name) = await ReadAsync(store, $"/local/domain/{id}/name", token);
            if (string.Equals(name, domain, StringComparison.Ordinal)
                && ushort.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out ushort found))
                return new DomainId(found);
            names.Add(name is null ? id : $"{id} ({name})");
        }

        throw new UsageException(
            names.Count == 0
                ? $"There is no domain {domain}; XenStore has none, so start it first."
                : $"There is no domain {domain}; take one of those that there are: "
                    + $"{string.Join(", ", names.Order(StringComparer.Ordinal))}.");
    }

    /// <summary>That a domain has no such disk, and which it has.</summary>
    public static async Task<UsageException> NoDiskAsync(
        IXenStoreAccess store, DomainId domain, VbdNumber vbd, CancellationToken token)
    {
        string[] names =
        [
            .. (await store.ListAsync(VbdPaths.Frontends(domain), token) ?? [])
                .Select(name => uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out uint number)
                    ? VbdName.Format(new VbdNumber(number))
                    : null)
                .OfType<string>()
                .Order(StringComparer.Ordinal),
        ];
        string has = names.Length == 0 ? "it has none" : $"it has {string.Join(", ", names)}";
        return new UsageException($"{VbdName.Format(vbd)} is not a disk of domain {domain.Value}; {has}.");
    }

    private static async Task<(bool IsAllowed, string? Value)> ReadAsync(
        IXenStoreAccess store, string path, CancellationToken token)
    {
        try
        {
            return (true, await store.ReadAsync(path, token));
        }
        catch (XenBlockException exception) when (exception.Kind == XenBlockErrorKind.PermissionDenied)
        {
            return (false, null);
        }
    }
}
