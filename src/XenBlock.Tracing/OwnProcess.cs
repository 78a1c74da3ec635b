using System.Globalization;
using XenBlock.Hypervisor;

namespace XenBlock.Tracing;

/// <summary>
/// Tells processes of this domain apart, so that what one that died has left in XenStore can be swept by the next.
/// </summary>
internal static class OwnProcess
{
    private const string Namespace = "/proc/self/ns/pid";

    /// <summary>This process's name: its number and the namespace in which that is one (pid_namespaces(7)).</summary>
    public static string Name() => string.Create(
        CultureInfo.InvariantCulture, $"{Environment.ProcessId} {NamespaceName()}");

    /// <summary>
    /// Removes the directories of processes of this domain that are certainly dead: of an earlier life of the kernel,
    /// or without a process where one would be seen.
    /// </summary>
    public static async Task SweepAsync(IHypervisor hypervisor, CancellationToken cancellationToken)
    {
        string root = TraceKeys.Root(hypervisor.DomainId);
        string clock = HostClock.Name();
        foreach (string name in await hypervisor.Store.ListAsync(root, cancellationToken) ?? [])
        {
            string path = $"{root}/{name}";
            string? process = await hypervisor.Store.ReadAsync($"{path}/{TraceKeys.ProcessKey}", cancellationToken);
            string? itsClock = await hypervisor.Store.ReadAsync($"{path}/{TraceKeys.ClockKey}", cancellationToken);
            bool isOld = itsClock is not null && !string.Equals(itsClock, clock, StringComparison.Ordinal);
            if (isOld || IsDead(process)) await hypervisor.Store.RemoveAsync(path, cancellationToken);
        }
    }

    private static bool IsDead(string? name)
    {
        string[] words = (name ?? "").Split(' ', 2);
        return words.Length == 2
            && string.Equals(words[1], NamespaceName(), StringComparison.Ordinal)
            && int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && !Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{number}"));
    }

    private static string NamespaceName()
    {
        try
        {
            return new FileInfo(Namespace).LinkTarget ?? "";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
