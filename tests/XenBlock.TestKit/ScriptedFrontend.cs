using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.TestKit;

/// <summary>
/// A frontend that does exactly what a test tells it: it speaks the ring and the keys themselves, shares no code with
/// the real one, and may misbehave. Its memory is granted once; every word of it can be read and written.
/// </summary>
public sealed class ScriptedFrontend : IDisposable
{
    private readonly IHypervisor _hypervisor;
    private readonly DomainId _backend;
    private readonly GrantablePages _ringPages;
    private readonly GrantablePages _dataPages;
    private readonly GrantReference[] _ringGrants;
    private readonly GrantReference[] _dataGrants;
    private readonly byte[] _slot;

    /// <summary>A frontend with a fresh ring, granted data pages and a channel; nothing is published.</summary>
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
        _ringPages = hypervisor.Grants.AllocatePages(backend, options.RingPageCount);
        _ringGrants = Offer(_ringPages, GrantAccess.ReadWrite);
        _dataPages = hypervisor.Grants.AllocatePages(backend, options.DataPageCount);
        _dataGrants = Offer(_dataPages, options.DataAccess);
        Channel = hypervisor.EventChannels.AllocateUnbound(backend);
        _slot = new byte[BlkifCodec.SlotSizeBytes(Abi)];
        Ring = FrontRing.Create(_ringPages.Pages, _slot.Length, options.RingStart);
    }

    /// <summary>The layout it speaks.</summary>
    public BlkifAbi Abi { get; }

    /// <summary>Whether it says that it leaves grants mapped.</summary>
    public bool Persistent { get; }

    /// <summary>Its end of the ring, as long as it behaves.</summary>
    public FrontRing Ring { get; private set; }

    /// <summary>The ring's memory, for when it does not.</summary>
    public SharedPages RingPages => _ringPages.Pages;

    /// <summary>The data pages' memory, contiguous.</summary>
    public SharedPages Data => _dataPages.Pages;

    /// <summary>How many data pages there are.</summary>
    public int DataPageCount => _dataGrants.Length;

    /// <summary>Its event channel.</summary>
    public IEventChannel Channel { get; }

    /// <summary>The grants of the ring's pages.</summary>
    public IReadOnlyList<GrantReference> RingGrants => _ringGrants;

    /// <summary>The grant of a data page.</summary>
    public uint Grant(int page) => _dataGrants[page].Value;

    /// <summary>The keys that an honest frontend would publish.</summary>
    public Dictionary<string, string> Keys() => new(
        new FrontendAnswer
        {
            RingReferences = _ringGrants,
            EventChannel = Channel.LocalPort,
            Abi = Abi,
            Persistent = Persistent,
        }.ToKeys(),
        StringComparer.Ordinal);

    /// <summary>Starts the ring over, as a frontend does that connects again.</summary>
    public void ResetRing(uint start = 0) => Ring = FrontRing.Create(_ringPages.Pages, _slot.Length, start);

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
    public void Put(in BlockRequest request)
    {
        BlkifCodec.WriteRequest(Abi, in request, _slot);
        Ring.PutRequest(_slot);
    }

    /// <summary>Puts raw bytes into the next slot.</summary>
    public void PutRaw(ReadOnlySpan<byte> slot) => Ring.PutRequest(slot);

    /// <summary>Publishes what was put, and notifies if the backend asked for it.</summary>
    public void Publish()
    {
        if (Ring.PushRequests()) Channel.Notify();
    }

    /// <summary>Takes a response, if one is there.</summary>
    public bool TryTake(out BlockResponse response)
    {
        RingTake take = Ring.TryTakeResponse(_slot);
        if (take == RingTake.PeerViolation)
            throw new InvalidOperationException($"the backend's index is impossible: {Ring}");
        response = take == RingTake.Taken ? BlkifCodec.ReadResponse(_slot) : default;
        return take == RingTake.Taken;
    }

    /// <summary>Waits for the next response.</summary>
    /// <exception cref="TimeoutException">None came within ten seconds.</exception>
    public BlockResponse Take()
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (TryTake(out BlockResponse response)) return response;
            if (Ring.FinalCheckForResponses()) continue;
            Channel.Wait(TimeSpan.FromMilliseconds(100));
            if (TimeProvider.System.GetElapsedTime(start) > TimeSpan.FromSeconds(10))
                throw new TimeoutException($"no response within ten seconds: {Ring}");
        }
    }

    /// <summary>Puts one request, publishes it and waits for its response.</summary>
    public BlockResponse Ask(in BlockRequest request)
    {
        Put(in request);
        Publish();
        return Take();
    }

    /// <summary>Takes all grants back; tells how many the backend still has mapped.</summary>
    public int RevokeAll() => Revoke(_ringGrants) + Revoke(_dataGrants);

    /// <summary>Takes the data pages' grants back; tells how many the backend still has mapped.</summary>
    public int RevokeData() => Revoke(_dataGrants);

    /// <inheritdoc/>
    public void Dispose()
    {
        Channel.Dispose();
        _ringPages.Dispose();
        _dataPages.Dispose();
    }

    private int Revoke(GrantReference[] references) =>
        references.Length - _hypervisor.Grants.Revoke(references, new bool[references.Length]);

    private GrantReference[] Offer(GrantablePages pages, GrantAccess access)
    {
        var references = new GrantReference[pages.PageCount];
        GrantStatus status = _hypervisor.Grants.Offer(pages, 0, access, references);
        if (status != GrantStatus.Okay) throw new InvalidOperationException($"cannot grant to {_backend}: {status}");
        return references;
    }
}
