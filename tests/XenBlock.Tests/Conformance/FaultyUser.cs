using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Tests.Conformance;

/// <summary>
/// The user of a <see cref="FaultyFrontend"/>: rounds of writes, reads that compare, indirect reads, flushes and
/// discards on every queue, and the breach of a rule in the middle.
/// </summary>
internal sealed class FaultyUser(ScriptedFrontend frontend, BackendOffer offer, FrontendStage stage, string? fault)
{
    private const int SlotsPerQueue = 4;
    private const int BreachRound = 8;
    private readonly Random _random = new(9);
    private readonly Dictionary<int, byte[]> _written = [];
    private readonly Dictionary<ulong, (int Place, BlkifOperation Operation)> _outstanding = [];
    private ulong _id;
    private int _round;

    /// <summary>One round. Null, or what the user complains of.</summary>
    public string? Round(ulong sectorCount)
    {
        _round++;
        for (int queue = 0; queue < frontend.Queues.Count; queue++)
        {
            for (int slot = 0; slot < SlotsPerQueue; slot++) Put(queue, slot);
            if (queue == 0 && _round == BreachRound) Breach(sectorCount);
            Publish(queue);
        }

        for (int queue = 0; queue < frontend.Queues.Count; queue++)
        {
            while (_outstanding.Values.Any(request => request.Place / SlotsPerQueue == queue))
            {
                BlockResponse response = frontend.Queues[queue].Take();
                if (Judge(in response) is { } wrong) return wrong;
            }
        }

        return null;
    }

    private bool Breaks(string rule) => fault == rule;

    private void Publish(int queue)
    {
        bool isAsked = frontend.Queues[queue].Ring.PushRequests();
        if (isAsked && !Breaks("events")) frontend.Queues[queue].Channel.Notify();
    }

    private void Put(int queue, int slot)
    {
        int place = (queue * SlotsPerQueue) + slot;
        BlockRequest request = ((_round + slot) % 6) switch
        {
            0 or 3 => Write(place),
            1 when offer.Flush => new BlockRequest { Operation = BlkifOperation.FlushDiskCache, Id = ++_id },
            2 when offer.Discard => new BlockRequest
            {
                Operation = BlkifOperation.Discard,
                Id = ++_id,
                SectorFirst = 2048,
                SectorCount = 64,
            },
            4 when offer.IndirectSegmentsMax > 0 => frontend.Indirect(
                BlkifOperation.Read, ++_id, SectorOf(place), 32 + place, place * 2, 2),
            _ => frontend.Direct(BlkifOperation.Read, ++_id, SectorOf(place), place * 2, 2),
        };
        if (Breaks("aligned") && stage == FrontendStage.LargeSectors && _round == BreachRound) request.SectorFirst |= 1;
        _outstanding[request.Id] = (place, request.Operation);
        frontend.Queues[queue].Put(in request);
    }

    private BlockRequest Write(int place)
    {
        byte[] data = new byte[2 * 4096];
        _random.NextBytes(data);
        frontend.Data.CopyIn(place * 2 * 4096, data);
        if (Breaks("data") && _round > BreachRound) data[0] ^= 1;
        _written[place] = data;
        return frontend.Direct(BlkifOperation.Write, ++_id, SectorOf(place), place * 2, 2);
    }

    // A request beside the others, that is answered as them.
    private void Breach(ulong sectorCount)
    {
        BlockRequest request = frontend.Direct(BlkifOperation.Read, ++_id, 4096, 60, 1);
        switch (fault)
        {
            case "segments":
                request.SegmentCount = 0;
                break;
            case "segment-shape":
                request.Segments[0].FirstSector = 6;
                request.Segments[0].LastSector = 2;
                break;
            case "range":
                request.SectorFirst = sectorCount;
                break;
            case "operations":
                request.Operation = (BlkifOperation)77;
                break;
            case "indirect":
                request = frontend.Indirect(BlkifOperation.FlushDiskCache, _id, 0, 62, 60, 1);
                break;
            case "bare" when stage == FrontendStage.Bare:
                request = frontend.Indirect(BlkifOperation.Read, _id, 0, 62, 60, 1);
                break;
            case "grants":
                request.Segments[0].Grant = 0x7fff_0000;
                break;
            case "ids":
                request.Id = _outstanding.Keys.First();
                break;
            case "index":
                frontend.RingPages.StoreRelease(RingLayout.RequestProducer, 100_000);
                frontend.Channel.Notify();
                Thread.Sleep(200); // until it was seen: the next publish puts the index right again
                return;
            default:
                return;
        }

        if (fault != "ids") _outstanding[request.Id] = (0, request.Operation);
        frontend.Queues[0].Put(in request);
    }

    private string? Judge(in BlockResponse response)
    {
        if (Breaks("disorder") && response.Id != _outstanding.Keys.Min()) return "it is not its turn";
        bool isKnown = _outstanding.Remove(response.Id, out (int Place, BlkifOperation Operation) request);
        if (!isKnown || request.Operation != response.Operation) return $"no such request: {response.Id}";
        if (response.Status != BlkifStatus.Okay)
        {
            // Where errors are part of the stage the user goes on; what was to be written is not known then.
            _written.Remove(request.Place);
            bool isMeant = stage == FrontendStage.Errors && !Breaks("errors");
            return isMeant ? null : $"operation {(int)request.Operation} gave {response.Status}";
        }

        if (request.Operation != BlkifOperation.Read || !_written.TryGetValue(request.Place, out byte[]? expected))
            return null;
        byte[] seen = new byte[expected.Length];
        frontend.Data.CopyOut(request.Place * 2 * 4096, seen);
        return seen.AsSpan().SequenceEqual(expected) ? null : $"other bytes at place {request.Place}";
    }

    private static ulong SectorOf(int place) => (ulong)(place * 16);
}
