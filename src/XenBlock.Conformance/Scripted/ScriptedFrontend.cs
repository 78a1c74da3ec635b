using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Conformance;

/// <summary>
/// A frontend that does exactly what it is told: it speaks the ring and the keys themselves, shares no code with
/// the real one, and may misbehave. Its memory is granted once; every word of it can be read and written. Where nothing
/// else is said, the queue is the first.
/// </summary>
public sealed class ScriptedFrontend : IDisposable
{
    private readonly IHypervisor _hypervisor;
    private readonly DomainId _backend;
    private readonly GrantablePages _dataPages;
    private readonly GrantAccess _dataAccess;
    private readonly GrantReference[] _dataGrants;

    /// <summary>A frontend with fresh rings, granted data pages and channels; nothing is published.</summary>
    /// <param name="hypervisor">The frontend's domain.</param>
    /// <param name="backend">Whom it grants to.</param>
    /// <param name="options">How large it is; null for the defaults.</param>
    public ScriptedFrontend(IHypervisor hypervisor, DomainId backend, ScriptedFrontendOptions? options = null)
    {
        options ??= new ScriptedFrontendOptions();
        _hypervisor = hypervisor;
        _backend = backend;
        Abi = options.Abi;
        Persistent = options.Persistent;
        Queues =
            [.. Enumerable.Range(0, options.QueueCount).Select(_ => new ScriptedQueue(hypervisor, backend, options))];
        _dataPages = hypervisor.Grants.AllocatePages(backend, options.DataPageCount);
        _dataAccess = options.DataAccess;
        _dataGrants = Offer(_dataPages, _dataAccess);
    }

    /// <summary>The layout it speaks.</summary>
    public BlkifAbi Abi { get; }

    /// <summary>Whether it says that it leaves grants mapped.</summary>
    public bool Persistent { get; }

    /// <summary>By index; the data pages are for all of them.</summary>
    public IReadOnlyList<ScriptedQueue> Queues { get; }

    /// <summary>Its end of the ring, as long as it behaves.</summary>
    public FrontRing Ring => Queues[0].Ring;

    /// <summary>The ring's memory, for when it does not.</summary>
    public SharedPages RingPages => Queues[0].RingPages;

    /// <summary>The data pages' memory, contiguous.</summary>
    public SharedPages Data => _dataPages.Pages;

    /// <summary>How many data pages there are.</summary>
    public int DataPageCount => _dataGrants.Length;

    /// <summary>Its event channel.</summary>
    public IEventChannel Channel => Queues[0].Channel;

    /// <summary>The grants of the ring's pages.</summary>
    public IReadOnlyList<GrantReference> RingGrants => Queues[0].RingGrants;

    /// <summary>The grant of a data page.</summary>
    public uint Grant(int page) => _dataGrants[page].Value;

    /// <summary>The keys that an honest frontend would publish.</summary>
    public Dictionary<string, string> Keys() => new(
        new FrontendAnswer
        {
            Queues = [.. Queues.Select(queue => queue.Answer)],
            Abi = Abi,
            Persistent = Persistent,
        }.ToKeys(),
        StringComparer.Ordinal);

    /// <summary>Starts the ring over, as a frontend does that connects again.</summary>
    public void ResetRing(uint start = 0) => Queues[0].ResetRing(start);

    /// <summary>A read or write of whole pages: segment i is data page <paramref name="firstPage"/> + i.</summary>
    public BlockRequest Direct(BlkifOperation operation, ulong id, ulong sector, int firstPage, int pageCount)
    {
        var request = new BlockRequest
        {
            Operation = operation,
            Id = id,
            SectorFirst = sector,
            SegmentCount = (ushort)pageCount,
        };
        for (int i = 0; i < Math.Min(pageCount, ProtocolConstants.DirectSegmentsMax); i++)
            request.Segments[i] = WholePage(firstPage + i);
        return request;
    }

    /// <summary>
    /// An indirect read or write of whole pages; writes the segments into the data pages from
    /// <paramref name="indirectPage"/> on.
    /// </summary>
    public BlockRequest Indirect(
        BlkifOperation operation, ulong id, ulong sector, int indirectPage, int firstPage, int pageCount)
    {
        var request = new BlockRequest
        {
            Operation = operation,
            IsIndirect = true,
            Id = id,
            SectorFirst = sector,
            SegmentCount = (ushort)pageCount,
        };
        int pages =
            (pageCount + ProtocolConstants.SegmentsPerIndirectPage - 1) / ProtocolConstants.SegmentsPerIndirectPage;
        for (int i = 0; i < Math.Min(pages, ProtocolConstants.IndirectPagesMax); i++)
            request.IndirectGrants[i] = Grant(indirectPage + i);
        for (int i = 0; i < pageCount; i++) PutIndirectSegment(indirectPage, i, WholePage(firstPage + i));
        return request;
    }

    /// <summary>A segment that is a whole data page.</summary>
    public BlkifSegment WholePage(int page) => new() { Grant = Grant(page), FirstSector = 0, LastSector = 7 };

    /// <summary>Writes one segment of an indirect page.</summary>
    public void PutIndirectSegment(int indirectPage, int index, BlkifSegment segment) => Data.CopyIn(
        (indirectPage * ProtocolConstants.PageSizeBytes) + (index * BlkifSegment.SizeBytes), in segment);

    /// <summary>Puts a request into the next slot, whatever it says.</summary>
    public void Put(in BlockRequest request) => Queues[0].Put(in request);

    /// <summary>Puts raw bytes into the next slot.</summary>
    public void PutRaw(ReadOnlySpan<byte> slot) => Queues[0].PutRaw(slot);

    /// <summary>Publishes what was put, and notifies if the backend asked for it.</summary>
    public void Publish() => Queues[0].Publish();

    /// <summary>Takes a response, if one is there.</summary>
    public bool TryTake(out BlockResponse response) => Queues[0].TryTake(out response);

    /// <summary>Waits for the next response.</summary>
    /// <exception cref="XenBlockException">None came in time, or the backend's index is impossible.</exception>
    public BlockResponse Take() => Queues[0].Take();

    /// <summary>Puts one request, publishes it and waits for its response.</summary>
    public BlockResponse Ask(in BlockRequest request) => Queues[0].Ask(in request);

    /// <summary>Takes all grants back; tells how many the backend still has mapped.</summary>
    public int RevokeAll() => Queues.Sum(queue => queue.Revoke()) + Revoke(_dataGrants);

    /// <summary>Takes the data pages' grants back; tells how many the backend still has mapped.</summary>
    public int RevokeData() => Revoke(_dataGrants);

    /// <summary>Grants the data pages once more, after <see cref="RevokeData"/> took all of them back.</summary>
    public void OfferData()
    {
        GrantStatus status = _hypervisor.Grants.Offer(_dataPages, 0, _dataAccess, _dataGrants);
        if (status != GrantStatus.Okay)
        {
            throw new XenBlockException(
                XenBlockErrorKind.NoSpace, $"{DataPageCount} pages cannot be granted to {_backend}: {status}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ScriptedQueue queue in Queues) queue.Dispose();
        _dataPages.Dispose();
    }

    private int Revoke(GrantReference[] references) =>
        references.Length - _hypervisor.Grants.Revoke(references, new bool[references.Length]);

    private GrantReference[] Offer(GrantablePages pages, GrantAccess access)
    {
        var references = new GrantReference[pages.PageCount];
        GrantStatus status = _hypervisor.Grants.Offer(pages, 0, access, references);
        return status == GrantStatus.Okay
            ? references
            : throw new XenBlockException(
                XenBlockErrorKind.NoSpace, $"{pages.PageCount} pages cannot be granted to {_backend}: {status}");
    }
}
