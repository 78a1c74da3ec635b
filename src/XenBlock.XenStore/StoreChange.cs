namespace XenBlock.XenStore;

/// <summary>Something that watches may want to know.</summary>
/// <param name="Path">The node.</param>
/// <param name="Before">What was there, with all below it, if it was removed or its permissions changed; else
/// null.</param>
/// <param name="IsRemoval">True if it was removed: watches on nodes below it fire as well.</param>
internal sealed record StoreChange(StorePath Path, StoreNode? Before, bool IsRemoval);
