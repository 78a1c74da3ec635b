using XenBlock.Protocol;

namespace XenBlock.Backend;

/// <summary>A request that the store failed: the first of its kind, which is what was asked and the errno.</summary>
/// <param name="Operation">What the frontend asked for.</param>
/// <param name="OffsetBytes">Where on the disk.</param>
/// <param name="LengthBytes">How much; 0 for a flush.</param>
/// <param name="Errno">The Linux errno.</param>
public sealed record StoreFailure(BlkifOperation Operation, long OffsetBytes, long LengthBytes, int Errno);
