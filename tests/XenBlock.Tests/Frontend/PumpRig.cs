using XenBlock.Emulator;
using XenBlock.Frontend;
using XenBlock.Protocol;

namespace XenBlock.Tests.Frontend;

/// <summary>A pump and a scripted backend on one thread, over a real ring in an embedded machine; no shells.</summary>
internal sealed class PumpRig : IAsyncDisposable
{
    private readonly EmulatedMachine _machine;
    private readonly EmulatedDomain _backendDomain;
    private DeviceConnection _connection = null!;

    public PumpRig(BackendOffer? offer = null, BlockDeviceOptions? options = null, int grantEntriesMax = 32_768)
    {
        Options = options ?? new BlockDeviceOptions();
        Offer = offer ?? new BackendOffer
        {
            IndirectSegmentsMax = 256,
            Persistent = true,
            Flush = true,
            Discard = true,
        };
        _machine = EmulatedMachine.Create(new EmulatedMachineOptions
        {
            Mapping = GrantMappingMode.Table,
            GrantEntriesMax = grantEntriesMax,
        });
        _backendDomain = _machine.AddDomain(DomainId.Zero);
        Frontend = _machine.AddDomain(new DomainId(1));
        Pump = new FrontendPump(Frontend.Grants);
        Buffers = new BufferPool(Frontend.Grants, DomainId.Zero, isTrusted: true);
        Attach();
    }

    public BackendOffer Offer { get; set; }

    public BlockDeviceOptions Options { get; }

    public EmulatedDomain Frontend { get; }

    public FrontendPump Pump { get; }

    public BufferPool Buffers { get; }

    public ScriptedBackendRing Backend { get; private set; } = null!;

    private FrontendLink Link => _connection.Queues[0].Link;

    public BouncePool Pool => Link.Pool;

    public void Attach()
    {
        AgreedFeatures features = Negotiation.Agree(Offer, new FrontendWish
        {
            IndirectSegmentsMax = Options.IndirectSegmentsMax,
            RingPageOrder = Options.RingPageOrder,
            Persistent = Options.Persistent,
            Abi = Options.Abi ?? BlkifAbiNames.Native,
        });
        var rings = OfferedRings.Allocate(Frontend, DomainId.Zero, features);
        _connection = DeviceConnection.Complete(
            rings,
            Frontend.Grants,
            DomainId.Zero,
            new VbdNumber(51712),
            features,
            new DiskProperties { SectorCount = 1 << 20 },
            isTrusted: true,
            Options);
        Backend = new ScriptedBackendRing(
            _backendDomain.Mapper, Frontend.DomainId, rings.Queues[0].Answer.RingReferences, features.Abi);
        Buffers.Attach(Link.Pool.GrantsStay);
        Pump.Attach(Link);
    }

    /// <summary>Ends the connection as the shell does; the number of pages that the backend held on to.</summary>
    public int Detach(BlockOperationStatus status, bool keepWaiting = false, bool backendLetsGo = true)
    {
        Pump.Detach(status, keepWaiting);
        if (backendLetsGo) Backend.Dispose();
        Buffers.Detach();
        Pump.RevokeAbandoned();
        return _connection.Release();
    }

    public FrontendOperation Submit(BlockOperation kind, long offsetBytes, byte[] memory)
    {
        var operation = new FrontendOperation();
        operation.Prepare(kind, offsetBytes, memory);
        Pump.Submit(operation);
        return operation;
    }

    public FrontendOperation Submit(BlockOperation kind, long offsetBytes, GrantedBuffer buffer, int at, int length)
    {
        var operation = new FrontendOperation();
        operation.Prepare(kind, offsetBytes, buffer, at, length);
        Pump.Submit(operation);
        return operation;
    }

    public FrontendOperation Submit(BlockOperation kind, long offsetBytes = 0, long lengthBytes = 0)
    {
        var operation = new FrontendOperation();
        operation.Prepare(kind, offsetBytes, lengthBytes);
        Pump.Submit(operation);
        return operation;
    }

    /// <summary>Lets the scripted backend serve until nothing is left to do.</summary>
    public void ServeAll(byte[] disk)
    {
        Pump.Publish();
        while (Backend.TakeAll() is { Count: > 0 } requests)
        {
            foreach (ScriptedRequest request in requests)
            {
                if (request.Segments.Count > 0) Backend.Transfer(request, disk);
                Backend.Respond(request);
            }

            Pump.TakeResponses();
            Pump.Publish();
        }
    }

    /// <summary>What is done, in order.</summary>
    public List<FrontendOperation> TakeCompleted()
    {
        var completed = new List<FrontendOperation>();
        while (Pump.TakeCompleted() is { } operation) completed.Add(operation);
        return completed;
    }

    public async ValueTask DisposeAsync()
    {
        await Frontend.DisposeAsync();
        await _backendDomain.DisposeAsync();
        await _machine.DisposeAsync();
    }
}
