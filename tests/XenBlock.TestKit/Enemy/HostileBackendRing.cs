using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.TestKit.Enemy;

/// <summary>A hostile backend's end of a ring: reads slots and writes words itself; most answers are right.</summary>
internal sealed class HostileBackendRing : IDisposable
{
    private readonly IHypervisor _hypervisor;
    private readonly DomainId _frontend;
    private readonly BlkifAbi _abi;
    private readonly GrantMapping _mapping;
    private readonly IEventChannel _channel;
    private readonly List<GrantMapping> _kept;
    private readonly RingLayout _layout;
    private readonly byte[] _slot;
    private readonly byte[] _response;
    private readonly List<BlockResponse> _old = [];
    private uint _taken;
    private uint _answered;

    private HostileBackendRing(
        IHypervisor hypervisor,
        DomainId frontend,
        BlkifAbi abi,
        GrantMapping mapping,
        IEventChannel channel,
        List<GrantMapping> kept)
    {
        _hypervisor = hypervisor;
        _frontend = frontend;
        _abi = abi;
        _mapping = mapping;
        _channel = channel;
        _kept = kept;
        _slot = new byte[BlkifCodec.SlotSizeBytes(abi)];
        _response = new byte[BlkifCodec.ResponseSizeBytes(abi)];
        _layout = RingLayout.For(_slot.Length, mapping.PageCount);
    }

    /// <summary>Wrong things done.</summary>
    public int Misdeeds { get; private set; }

    private SharedPages Words => _mapping.Pages;

    /// <summary>Maps and binds; null if the frontend has gone meanwhile.</summary>
    public static HostileBackendRing? TryAttach(
        IHypervisor hypervisor, DomainId frontend, FrontendAnswer answer, List<GrantMapping> kept)
    {
        GrantReference[] references = [.. answer.Queues[0].RingReferences];
        GrantStatus status = hypervisor.Mapper.Map(
            frontend, references, GrantAccess.ReadWrite, new GrantStatus[references.Length], out GrantMapping mapping);
        if (status != GrantStatus.Okay) return null;
        try
        {
            IEventChannel channel = hypervisor.EventChannels.BindInterdomain(frontend, answer.Queues[0].EventChannel);
            return new HostileBackendRing(hypervisor, frontend, answer.Abi, mapping, channel, kept);
        }
        catch (XenBlockException)
        {
            hypervisor.Mapper.Unmap([mapping]);
            return null;
        }
    }

    /// <summary>An event for nothing, many times.</summary>
    public void Storm()
    {
        for (int i = 0; i < 100; i++) _channel.Notify();
    }

    /// <summary>Answers what is there, one way or another; false if nothing is.</summary>
    public bool Serve(Random random)
    {
        uint published = Words.LoadAcquire(RingLayout.RequestProducer);
        if (published == _taken || unchecked(published - _taken) > _layout.SlotCount)
        {
            Words.StoreRelease(RingLayout.RequestEvent, unchecked(_taken + 1));
            return false;
        }

        while (_taken != published)
        {
            Words.CopyOut(_layout.SlotOffset(_taken), _slot);
            _taken = unchecked(_taken + 1);
            BlockRequest request = default;
            BlkifCodec.ReadRequest(_abi, _slot, ref request);
            if (request.Operation is BlkifOperation.Read or BlkifOperation.Write && !request.IsIndirect)
                Touch(random, in request);
            Answer(random, new BlockResponse { Id = request.Id, Operation = request.Operation });
        }

        _channel.Notify();
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _channel.Dispose();
        _hypervisor.Mapper.Unmap([_mapping]);
    }

    // Reads get some bytes; now and then a page stays mapped, and is written to much later.
    private void Touch(Random random, in BlockRequest request)
    {
        bool isRead = request.Operation == BlkifOperation.Read;
        ReadOnlySpan<BlkifSegment> segments = request.Segments;
        foreach (BlkifSegment segment in segments[..Math.Min((int)request.SegmentCount, segments.Length)])
        {
            GrantStatus status = _hypervisor.Mapper.Map(
                _frontend,
                [new GrantReference(segment.Grant)],
                isRead ? GrantAccess.ReadWrite : GrantAccess.ReadOnly,
                new GrantStatus[1],
                out GrantMapping page);
            if (status != GrantStatus.Okay) continue;
            if (isRead) page.Pages.Clear(segment.OffsetBytes, segment.LengthBytes);
            if (random.Next(100) != 0)
            {
                _hypervisor.Mapper.Unmap([page]);
                continue;
            }

            _kept.Add(page);
            Misdeeds++;
        }
    }

    private void Answer(Random random, BlockResponse response)
    {
        bool isBad = random.Next(60) == 0;
        if (!isBad)
        {
            Put(response);
            return;
        }

        Misdeeds++;
        switch (random.Next(7))
        {
            case 0:
                Put(response with { Id = (ulong)random.NextInt64() });
                break;
            case 1:
                Put(response with { Operation = (BlkifOperation)random.Next(256) });
                break;
            case 2:
                Put(response with { Status = (BlkifStatus)random.Next(-32_768, 32_768) });
                break;
            case 3:
                Put(response);
                Put(response);
                break;
            case 4:
                if (_old.Count > 0) Put(_old[random.Next(_old.Count)]);
                break;
            case 5:
                uint jump = random.Next(2) == 0 ? (uint)random.Next() : unchecked(_answered - 2);
                Words.StoreRelease(RingLayout.ResponseProducer, jump);
                break;
            default:
                break; // never answered
        }
    }

    private void Put(BlockResponse response)
    {
        BlkifCodec.WriteResponse(in response, _response);
        Words.CopyIn(_layout.SlotOffset(_answered), _response);
        _answered = unchecked(_answered + 1);
        Words.StoreRelease(RingLayout.ResponseProducer, _answered);
        if (_old.Count < 100) _old.Add(response);
    }
}
