namespace XenBlock.Storage;

/// <summary>An operation of a pipeline that has finished.</summary>
/// <param name="Token">The mark it was submitted with.</param>
/// <param name="Result">How it ended.</param>
public readonly record struct StoreCompletion(int Token, StoreResult Result);
