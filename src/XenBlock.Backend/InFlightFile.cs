using System.Buffers.Binary;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.Storage;

namespace XenBlock.Backend;

/// <summary>
/// The journal of one ring in a file, and the ring as it is to be taken up: where a killed process left it, or at its
/// start.
/// </summary>
internal sealed class InFlightFile : IDisposable
{
    private readonly MappedFile _file;

    private InFlightFile(MappedFile file, InFlightJournal journal, InFlightRequests? recovered)
    {
        _file = file;
        Journal = journal;
        Recovered = recovered;
    }

    /// <summary>What is under way from here on.</summary>
    public InFlightJournal Journal { get; }

    /// <summary>What the last process left; null on a ring that nobody has served.</summary>
    public InFlightRequests? Recovered { get; }

    /// <summary>Opens the file of a queue's ring, which was just mapped.</summary>
    /// <param name="path">The disk's path; each queue has a file of its own beside it.</param>
    /// <param name="queue">Which of the connection's queues.</param>
    /// <param name="ring">The ring's pages.</param>
    /// <param name="plan">The connection.</param>
    /// <param name="answer">What the frontend published of the queue: what tells this ring from others.</param>
    /// <exception cref="RequestsLostException">
    /// Requests are under way on the ring, and the file does not tell which: it was lost, or the frontend has changed
    /// its indices. To do again what can be read from the ring would lose some and double others.
    /// </exception>
    /// <exception cref="XenBlockException">The file cannot be opened.</exception>
    public static InFlightFile Open(
        string path, int queue, SharedPages ring, ConnectionPlan plan, QueueAnswer answer)
    {
        uint[] identity =
        [
            plan.Frontend.Value, (uint)plan.Answer.Abi, answer.EventChannel.Value,
            .. answer.RingReferences.Select(reference => reference.Value),
        ];
        return Open(PathOf(path, queue), ring, BlkifCodec.SlotSizeBytes(plan.Answer.Abi), identity);
    }

    /// <summary>Removes the files of a disk that has ended: nothing is under way any more.</summary>
    public static void Remove(string path, int queueCount)
    {
        for (int queue = 0; queue < queueCount; queue++) MappedFile.Remove(PathOf(path, queue));
    }

    /// <summary>
    /// A ring is served by a process that keeps no journal: one that was kept before says nothing of it any more.
    /// </summary>
    public static void Disown(SharedPages ring) => ring.StoreRelease64(RingLayout.BackendMark, 0);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    // Never 0, which is the mark of no journal. The kernel's random bits without OpenSSL, which a guest may not have.
    private static ulong NewMark()
    {
        Span<byte> bytes = stackalloc byte[16];
        _ = Guid.NewGuid().TryWriteBytes(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes) | 1;
    }

    private static string PathOf(string path, int queue) => $"{path}.{queue}";

    private static InFlightFile Open(
        string path, SharedPages ring, int slotSizeBytes, ReadOnlySpan<uint> identity)
    {
        uint slotCount = RingLayout.For(slotSizeBytes, ring.LengthBytes / ProtocolConstants.PageSizeBytes).SlotCount;
        uint responses = ring.LoadAcquire(RingLayout.ResponseProducer);
        uint underWay = unchecked(ring.LoadAcquire(RingLayout.RequestProducer) - responses);
        MappedFile file = MapAt(path, InFlightJournal.LengthBytes(slotCount));
        var journal = new InFlightJournal(file.Memory, slotCount, slotSizeBytes);
        InFlightRequests? recovered = journal.Recover(
            identity, responses, ring.LoadAcquire64(RingLayout.BackendMark));
        if (recovered is null)
        {
            // A ring that nobody has ever answered on is a new one, whatever a file of before says.
            if (responses != 0 && underWay != 0)
            {
                file.Dispose();
                throw new RequestsLostException(
                    $"{underWay} requests are under way on the ring, and {path}, which said which, is lost or of "
                        + "another ring; detach the disk and attach it again");
            }

            ulong mark = NewMark();
            journal.Reset(identity, responses, mark);
            ring.StoreRelease64(RingLayout.BackendMark, mark);
        }

        return new InFlightFile(file, journal, recovered);
    }

    private static MappedFile MapAt(string path, int lengthBytes)
    {
        try
        {
            return MappedFile.Open(path, lengthBytes);
        }
        catch (StoreException exception)
        {
            throw new XenBlockException(
                XenBlockErrorKind.PermissionDenied, exception.Message, exception.Errno, exception);
        }
    }
}
