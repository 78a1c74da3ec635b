using System.Diagnostics.CodeAnalysis;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Conformance;

/// <summary>One queue of a connection: puts requests, takes responses, and holds each against its request.</summary>
internal sealed class ProbeLine
{
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(50);

    private readonly ScriptedQueue _queue;
    private readonly BlkifAbi _abi;
    private readonly ResponseLedger _ledger;
    private readonly IHypervisor _hypervisor;
    private readonly TimeSpan _patience;
    private readonly RingLayout _layout;
    private readonly byte[][] _slots; // what was put into each slot
    private readonly Dictionary<ulong, BlockRequest> _outstanding = [];
    private readonly byte[] _slot;
    private uint _put;
    private uint _taken;

    public ProbeLine(
        ScriptedQueue queue, BlkifAbi abi, ResponseLedger ledger, IHypervisor hypervisor, TimeSpan patience)
    {
        _queue = queue;
        _abi = abi;
        _ledger = ledger;
        _hypervisor = hypervisor;
        _patience = patience;
        _slot = new byte[BlkifCodec.SlotSizeBytes(abi)];
        _layout = RingLayout.For(_slot.Length, queue.RingPages.LengthBytes / ProtocolConstants.PageSizeBytes);
        _slots = new byte[_layout.SlotCount][];
    }

    public ScriptedQueue Queue => _queue;

    public uint SlotCount => _layout.SlotCount;

    public int Outstanding => _outstanding.Count;

    /// <summary>Responses that are there; whatever number the backend says.</summary>
    public uint Ready => unchecked(_queue.RingPages.LoadAcquire(RingLayout.ResponseProducer) - _taken);

    /// <summary>Events sent to the backend.</summary>
    public long Notifications => _queue.Channel.NotificationsSent;

    /// <summary>Puts a request; a segment count above 11 lies in the slot as it is.</summary>
    public void Put(in BlockRequest request)
    {
        BlockRequest fitting = request;
        if (!request.IsIndirect && request.SegmentCount > ProtocolConstants.DirectSegmentsMax)
            fitting.SegmentCount = ProtocolConstants.DirectSegmentsMax;
        BlkifCodec.WriteRequest(_abi, in fitting, _slot);
        if (!request.IsIndirect && request.Operation != BlkifOperation.Discard)
            _slot[1] = (byte)request.SegmentCount;
        PutRaw(_slot, in request);
    }

    /// <summary>Puts bytes into the next slot, and expects an answer to the request that they are.</summary>
    public void PutRaw(ReadOnlySpan<byte> slot, in BlockRequest request)
    {
        _slots[_put & (_layout.SlotCount - 1)] = slot.ToArray();
        _put = unchecked(_put + 1);
        _queue.PutRaw(slot);
        _outstanding.Add(request.Id, request);
        _ledger.Requests++;
    }

    /// <summary>Publishes what was put. True if the backend asked for an event, which was sent.</summary>
    public bool Publish()
    {
        bool isAsked = _queue.Ring.PushRequests();
        if (isAsked) _queue.Channel.Notify();
        return isAsked;
    }

    /// <summary>Asks for an event at a response to come, before its request is published.</summary>
    /// <param name="count">1 for the next one.</param>
    public void AskForEvent(uint count)
    {
        while (_queue.Channel.TryTake())
        {
            // What is left of before would be taken for the event.
        }

        _queue.RingPages.StoreRelease(RingLayout.ResponseEvent, unchecked(_taken + count));
        SharedPages.StoreLoadBarrier();
    }

    /// <summary>Puts one request, publishes it and waits for its response.</summary>
    public BlockResponse Ask(in BlockRequest request)
    {
        Put(in request);
        Publish();
        return Take();
    }

    /// <summary>Takes a response, if one is there, and holds it against its request.</summary>
    public bool TryTake(out BlockResponse response)
    {
        RingTake take = _queue.Ring.TryTakeResponse(_slot);
        response = default;
        if (take == RingTake.Empty) return false;
        if (take == RingTake.PeerViolation)
        {
            throw new XenBlockException(
                XenBlockErrorKind.PeerViolation,
                $"the backend published an impossible index: {_queue.Ring.Describe()}");
        }

        response = BlkifCodec.ReadResponse(_slot);
        Judge(in response, _slots[_taken & (_layout.SlotCount - 1)]);
        _taken = unchecked(_taken + 1);
        return true;
    }

    /// <summary>Waits for the next response, asleep between looks.</summary>
    /// <exception cref="XenBlockException">None came in time.</exception>
    public BlockResponse Take()
    {
        long start = _hypervisor.Time.GetTimestamp();
        while (true)
        {
            if (TryTake(out BlockResponse response)) return response;
            if (_queue.Ring.FinalCheckForResponses()) continue;

            // Short waits: a response must not be lost to a backend whose events are what a rule is about.
            _queue.Channel.Wait(_look);
            if (_hypervisor.Time.GetElapsedTime(start) > _patience) throw Silent();
        }
    }

    /// <summary>Waits for the next response without ever asking for an event.</summary>
    public BlockResponse Poll()
    {
        long start = _hypervisor.Time.GetTimestamp();
        while (true)
        {
            if (TryTake(out BlockResponse response)) return response;
            Thread.Sleep(1);
            if (_hypervisor.Time.GetElapsedTime(start) > _patience) throw Silent();
        }
    }

    /// <summary>Takes responses until nothing is outstanding; gives them by their ids.</summary>
    public Dictionary<ulong, BlockResponse> TakeAll()
    {
        var responses = new Dictionary<ulong, BlockResponse>();
        while (_outstanding.Count > 0)
        {
            BlockResponse response = Take();
            responses[response.Id] = response;
        }

        return responses;
    }

    [SuppressMessage("Performance", "CA1859", Justification = "what is thrown is an exception")]
    private XenBlockException Silent() => new(
        XenBlockErrorKind.TimedOut,
        $"no response within {_patience.TotalSeconds:0.#} s, {_outstanding.Count} requests outstanding: "
            + _queue.Ring.Describe());

    private void Judge(in BlockResponse response, byte[] put)
    {
        _ledger.Responses++;
        string words = $"id 0x{response.Id:x}, operation {(int)response.Operation}, status {(short)response.Status}";
        if (!_outstanding.Remove(response.Id, out BlockRequest request))
            _ledger.Add(ResponseFault.UnknownId, $"{words}, but no such request is outstanding");
        else if (!IsEcho(in response, in request))
            _ledger.Add(ResponseFault.WrongOperation, $"{words}, but the request's is {Describe(in request)}");
        if (response.Status is < BlkifStatus.NotSupported or > BlkifStatus.Okay)
            _ledger.Add(ResponseFault.UnknownStatus, words);

        int size = BlkifCodec.ResponseSizeBytes(_abi);
        bool isClean = IsPadding(put, 9);
        for (int i = 12; i < size; i++) isClean &= IsPadding(put, i);
        string bytes = Convert.ToHexString(_slot.AsSpan(0, size));
        if (!isClean) _ledger.Add(ResponseFault.Padding, $"{words}, bytes {bytes}");
        if (!_slot.AsSpan(size).SequenceEqual(put.AsSpan(size)))
            _ledger.Add(ResponseFault.RestOfSlot, words);
    }

    // Bytes that a backend leaves alone are what the frontend had there.
    private bool IsPadding(byte[] put, int offset) => _slot[offset] == 0 || _slot[offset] == put[offset];

    // Of an indirect request that is none, or to a backend that knows none, either operation may come back.
    private static bool IsEcho(in BlockResponse response, in BlockRequest request) =>
        response.Operation == request.Operation
        || (request.IsIndirect && response.Operation == BlkifOperation.Indirect
            && (response.Status != BlkifStatus.Okay
                || request.Operation is not (BlkifOperation.Read or BlkifOperation.Write)));

    private static string Describe(in BlockRequest request) => request.IsIndirect
        ? $"{(int)request.Operation}, indirect (Linux's frontend takes nothing but the inner operation)"
        : $"{(int)request.Operation}";
}
