namespace XenBlock.Frontend;

/// <summary>One operation that is done.</summary>
/// <param name="Token">What was given to <see cref="BlockQueue.TrySubmit"/>.</param>
/// <param name="Status">How it ended.</param>
public readonly record struct BlockCompletion(ulong Token, BlockOperationStatus Status);
