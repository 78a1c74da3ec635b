using System.Runtime.InteropServices;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Conformance;

/// <summary>
/// The backend's end of a ring that does exactly what it is told: it takes requests, and answers them in any order,
/// rightly or wrongly.
/// </summary>
public sealed class ScriptedBackendRing : IDisposable
{
    private readonly IGrantMapper _mapper;
    private readonly DomainId _frontend;
    private readonly BlkifAbi _abi;
    private readonly GrantMapping _ringMapping;
    private readonly BackRing _ring;
    private readonly List<GrantMapping> _held = [];

    /// <summary>Maps a ring.</summary>
    /// <exception cref="XenBlockException">One of its pages cannot be mapped.</exception>
    public ScriptedBackendRing(
        IGrantMapper mapper, DomainId frontend, IReadOnlyList<GrantReference> ringReferences, BlkifAbi abi)
    {
        _mapper = mapper;
        _frontend = frontend;
        _abi = abi;
        _ringMapping = Map([.. ringReferences], GrantAccess.ReadWrite);
        _ring = BackRing.Attach(_ringMapping.Pages, BlkifCodec.SlotSizeBytes(abi));
    }

    /// <summary>The ring's shared words, for who writes nonsense into them.</summary>
    public SharedPages RingPages => _ringMapping.Pages;

    /// <summary>Takes all requests that are there.</summary>
    public IReadOnlyList<ScriptedRequest> TakeAll()
    {
        var requests = new List<ScriptedRequest>();
        while (TryTake() is { } request) requests.Add(request);
        return requests;
    }

    /// <summary>Takes a request, or null.</summary>
    public ScriptedRequest? TryTake()
    {
        byte[] slot = new byte[BlkifCodec.SlotSizeBytes(_abi)];
        switch (_ring.TryTakeRequest(slot))
        {
            case RingTake.Empty:
                return null;
            case RingTake.PeerViolation:
                throw new XenBlockException(
                    XenBlockErrorKind.PeerViolation, $"the frontend published an impossible index: {_ring}");
        }

        BlockRequest request = default;
        BlkifCodec.ReadRequest(_abi, slot, ref request);
        return new ScriptedRequest(request, ReadSegments(request));
    }

    /// <summary>Moves a request's data between its pages and a disk in memory, page by page.</summary>
    public void Transfer(ScriptedRequest request, Span<byte> disk)
    {
        int position = (int)request.Request.SectorFirst * ProtocolConstants.SectorSizeBytes;
        bool isRead = request.Operation == BlkifOperation.Read;
        foreach (BlkifSegment segment in request.Segments)
        {
            GrantMapping page = Map(
                [new GrantReference(segment.Grant)], isRead ? GrantAccess.ReadWrite : GrantAccess.ReadOnly);
            Span<byte> part = disk.Slice(position, segment.LengthBytes);
            if (isRead) page.Pages.CopyIn(segment.OffsetBytes, part);
            else page.Pages.CopyOut(segment.OffsetBytes, part);
            _mapper.Unmap([page]);
            position += segment.LengthBytes;
        }
    }

    /// <summary>All that a page holds, whatever the request says of it.</summary>
    public byte[] WholePage(uint grant)
    {
        var bytes = new byte[ProtocolConstants.PageSizeBytes];
        GrantMapping page = Map([new GrantReference(grant)], GrantAccess.ReadOnly);
        page.Pages.CopyOut(0, bytes);
        _mapper.Unmap([page]);
        return bytes;
    }

    /// <summary>Maps a page and keeps it mapped.</summary>
    public GrantMapping Hold(uint grant, GrantAccess access = GrantAccess.ReadOnly)
    {
        GrantMapping mapping = Map([new GrantReference(grant)], access);
        _held.Add(mapping);
        return mapping;
    }

    /// <summary>Lets go of all pages that are held.</summary>
    public void LetGo()
    {
        if (_held.Count > 0) _mapper.Unmap([.. _held]);
        _held.Clear();
    }

    /// <summary>Whether a page can be mapped so.</summary>
    public GrantStatus TryMap(uint grant, GrantAccess access)
    {
        var statuses = new GrantStatus[1];
        GrantStatus status = _mapper.Map(
            _frontend, [new GrantReference(grant)], access, statuses, out GrantMapping mapping);
        if (status == GrantStatus.Okay) _mapper.Unmap([mapping]);
        return status;
    }

    /// <summary>Answers a request, and publishes. True: the frontend asked for an event.</summary>
    public bool Respond(ScriptedRequest request, BlkifStatus status = BlkifStatus.Okay) =>
        Respond(request.Id, request.Operation, status);

    /// <summary>Answers with whatever words, and publishes. True: the frontend asked for an event.</summary>
    public bool Respond(ulong id, BlkifOperation operation, BlkifStatus status)
    {
        byte[] slot = new byte[BlkifCodec.ResponseSizeBytes(_abi)];
        BlkifCodec.WriteResponse(new BlockResponse { Id = id, Operation = operation, Status = status }, slot);
        _ring.PutResponse(slot);
        return _ring.PushResponses();
    }

    /// <summary>Asks for an event at the next request, then looks once more. True: there is one.</summary>
    public bool FinalCheckForRequests() => _ring.FinalCheckForRequests();

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            LetGo();
            _mapper.Unmap([_ringMapping]);
        }
        catch (ObjectDisposedException)
        {
            // The domain was killed, and its mappings with it.
        }
    }

    private BlkifSegment[] ReadSegments(in BlockRequest request)
    {
        if (!request.IsIndirect)
        {
            ReadOnlySpan<BlkifSegment> direct = request.Segments;
            return direct[..request.SegmentCount].ToArray();
        }

        var segments = new BlkifSegment[request.SegmentCount];
        Span<byte> bytes = MemoryMarshal.AsBytes(segments.AsSpan());
        for (int page = 0; page < Segmenter.IndirectPageCount(segments.Length); page++)
        {
            GrantMapping mapping = Map([new GrantReference(request.IndirectGrants[page])], GrantAccess.ReadOnly);
            int start = page * ProtocolConstants.PageSizeBytes;
            mapping.Pages.CopyOut(0, bytes[start..Math.Min(bytes.Length, start + ProtocolConstants.PageSizeBytes)]);
            _mapper.Unmap([mapping]);
        }

        return segments;
    }

    private GrantMapping Map(ReadOnlySpan<GrantReference> references, GrantAccess access)
    {
        var statuses = new GrantStatus[references.Length];
        GrantStatus status = _mapper.Map(_frontend, references, access, statuses, out GrantMapping mapping);
        return status == GrantStatus.Okay
            ? mapping
            : throw new XenBlockException(
                XenBlockErrorKind.PeerViolation, $"the frontend's grant {references[0]} cannot be mapped: {status}");
    }
}
