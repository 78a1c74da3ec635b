using XenBlock.SharedMemory;
using XenBlock.Storage;

namespace XenBlock.Tests.Interleaving;

/// <summary>A disk that has operations under way, each finished at the second look after it was submitted.</summary>
internal sealed class PipelinedStepDisk : StepDisk, IPipelinedBlockStore
{
    public IStorePipeline OpenPipeline(int operationsMax) => new Pipeline(this);

    private sealed class Pipeline(StepDisk disk) : IStorePipeline
    {
        private readonly List<(int Token, int LooksLeft)> _underWay = [];

        public TimeSpan NextCompletionDelay => _underWay.Count == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.Zero;

        public void Submit(
            StoreOperationKind kind,
            int token,
            long offsetBytes,
            long lengthBytes,
            ReadOnlySpan<PayloadSegment> segments)
        {
            if (kind == StoreOperationKind.Write) disk.Write(offsetBytes, segments);
            _underWay.Add((token, 2));
        }

        public int Reap(Span<StoreCompletion> completions)
        {
            int count = 0;
            for (int i = _underWay.Count - 1; i >= 0; i--)
            {
                (int token, int looksLeft) = _underWay[i];
                _underWay[i] = (token, looksLeft - 1);
                if (looksLeft > 1 || count == completions.Length) continue;
                completions[count++] = new StoreCompletion(token, StoreResult.Okay);
                _underWay.RemoveAt(i);
            }

            return count;
        }

        public void Dispose() => _underWay.Clear();
    }
}
