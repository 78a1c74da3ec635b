namespace XenBlock.Hypervisor;

/// <summary>
/// Reading and changing XenStore, alone or in a transaction. Paths are absolute, or relative to the caller's own
/// /local/domain/N. Values are text in the protocol's keys; a byte that is not UTF-8 reads as U+FFFD.
/// </summary>
/// <remarks>Failures are <see cref="XenBlockException"/> with the store's error name and the path.</remarks>
public interface IXenStoreAccess
{
    /// <summary>A node's value, or null if there is no such node.</summary>
    Task<string?> ReadAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>The names of a node's children, or null if there is no such node.</summary>
    Task<IReadOnlyList<string>?> ListAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>Sets a node's value; missing parents are made.</summary>
    Task WriteAsync(string path, string value, CancellationToken cancellationToken = default);

    /// <summary>Makes an empty node, if it is not there.</summary>
    Task MakeDirectoryAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>Removes a node and all below it; false if it was not there.</summary>
    Task<bool> RemoveAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>
    /// A node's permissions in XenStore's letters: owner first, as "n0", "r1", "b2"; null if there is no node.
    /// </summary>
    Task<IReadOnlyList<string>?> GetPermissionsAsync(string path, CancellationToken cancellationToken = default);

    /// <summary>Sets a node's permissions, in the same letters.</summary>
    Task SetPermissionsAsync(
        string path, IReadOnlyList<string> permissions, CancellationToken cancellationToken = default);
}
