namespace XenBlock.Cli.Output;

/// <summary>A node of XenStore, for scripts.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Value">Its value; null where it was not asked for, or the node is gone.</param>
/// <param name="Permissions">Its permissions, owner first; null where they were not asked for.</param>
internal sealed record StoreNodeDocument(string Path, string? Value, IReadOnlyList<string>? Permissions = null);
