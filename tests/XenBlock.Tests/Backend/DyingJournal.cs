using XenBlock.Backend;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Tests.Backend;

/// <summary>
/// A journal whose process dies at its n-th step: from then on nothing is written any more, neither here nor on the
/// ring, because the exception ends the pump. Each call is several steps: before it, in its middle, after it.
/// </summary>
internal sealed class DyingJournal(SharedPages memory, uint slotCount, int slotSizeBytes, int stepOfDeath)
    : InFlightJournal(memory, slotCount, slotSizeBytes)
{
    private const int ConsumerOffset = 16;

    private readonly SharedPages _memory = memory;
    private int _step;

    /// <summary>What is thrown in the place of a kill.</summary>
    public sealed class Killed : Exception;

    /// <summary>For the control: answers are not written down.</summary>
    public bool ForgetsAnswers { get; init; }

    public override void Take(int entry, uint requestIndex, ReadOnlySpan<byte> slot)
    {
        Live();
        uint consumer = _memory.LoadAcquire(ConsumerOffset);
        base.Take(entry, requestIndex, slot);
        if (_step + 1 == stepOfDeath) _memory.StoreRelease(ConsumerOffset, consumer); // killed before the last store
        Live();
        Live();
    }

    public override void Answer(int entry, uint responseIndex, in BlockResponse response)
    {
        Live();
        if (!ForgetsAnswers) base.Answer(entry, responseIndex, in response);
        Live();
    }

    public override void Publish(uint responseProducer)
    {
        Live();
        base.Publish(responseProducer);
        Live();
    }

    public override void Release(int entry)
    {
        base.Release(entry);
        Live();
    }

    private void Live()
    {
        if (++_step == stepOfDeath) throw new Killed();
    }
}
