namespace XenBlock.Storage;

/// <summary>
/// A store that works on several operations at once and finishes them later: a device, a model of one.
/// </summary>
/// <remarks>
/// A backend that finds this interface opens one pipeline per queue and never calls the plain methods. A flush in one
/// pipeline covers what any pipeline of the store had finished before.
/// </remarks>
public interface IPipelinedBlockStore : IBlockStore
{
    /// <summary>Opens a pipeline for one queue's thread.</summary>
    /// <param name="operationsMax">The most operations that will be under way at once.</param>
    IStorePipeline OpenPipeline(int operationsMax);
}
