using XenBlock.SharedMemory;
using XenBlock.Storage;

namespace XenBlock.Fuzz;

/// <summary>
/// The same as a store with several operations under way: each moves its data when it is asked, and is finished at the
/// second look or later, what was asked last first. It also watches that a flush is asked only when every write before
/// it has been reported as finished.
/// </summary>
/// <param name="disk">Its bytes.</param>
internal sealed class WatchedPipelinedStore(byte[] disk) : WatchedStore(disk), IPipelinedBlockStore
{
    public IStorePipeline OpenPipeline(int operationsMax) => new Pipeline(this, operationsMax);

    private sealed class Pipeline(WatchedStore store, int operationsMax) : IStorePipeline
    {
        private readonly Stack<(int Token, StoreOperationKind Kind)> _underWay = new();
        private bool _wasLookedAt;

        public TimeSpan NextCompletionDelay => _underWay.Count == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.Zero;

        public void Submit(
            StoreOperationKind kind,
            int token,
            long offsetBytes,
            long lengthBytes,
            ReadOnlySpan<PayloadSegment> segments)
        {
            if (_underWay.Count == operationsMax) throw new FindingException("more under way than was said");
            if (_underWay.Any(operation => operation.Token == token))
                throw new FindingException("a request is at the store twice");
            switch (kind)
            {
                case StoreOperationKind.Read:
                    store.Read(offsetBytes, segments);
                    break;
                case StoreOperationKind.Write:
                    store.Write(offsetBytes, segments);
                    break;
                case StoreOperationKind.Flush:
                    if (_underWay.Any(operation => operation.Kind == StoreOperationKind.Write))
                        throw new FindingException("a flush was asked while a write before it was under way");
                    break;
                default:
                    store.Discard(offsetBytes, lengthBytes, kind == StoreOperationKind.SecureDiscard);
                    break;
            }

            _underWay.Push((token, kind));
        }

        public int Reap(Span<StoreCompletion> completions)
        {
            // Every other look finds nothing, every other one operation: the latest.
            _wasLookedAt = !_wasLookedAt;
            if (_wasLookedAt || _underWay.Count == 0 || completions.IsEmpty) return 0;
            completions[0] = new StoreCompletion(_underWay.Pop().Token, StoreResult.Okay);
            return 1;
        }

        public void Dispose()
        {
            if (_underWay.Count > 0) throw new FindingException("the pump is gone before the store has finished");
        }
    }
}
