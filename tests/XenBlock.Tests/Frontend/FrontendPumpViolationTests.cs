using XenBlock.Frontend;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using Xunit;

namespace XenBlock.Tests.Frontend;

/// <summary>S13: a backend's every word is checked; a wrong one ends the connection, once, and safely.</summary>
public sealed class FrontendPumpViolationTests
{
    private const int Page = ProtocolConstants.PageSizeBytes;

    private static readonly Dictionary<string, Action<ScriptedBackendRing, ScriptedRequest>> _violations = new()
    {
        ["an id that is no request"] = (b, r) => b.Respond(ulong.MaxValue, r.Operation, BlkifStatus.Okay),
        ["a bare index"] = (b, r) => b.Respond(r.Id & uint.MaxValue, r.Operation, BlkifStatus.Okay),
        ["an id of an index that is not in use"] = (b, r) => b.Respond(r.Id + 100, r.Operation, BlkifStatus.Okay),
        ["an answer given twice"] = (b, r) =>
        {
            b.Respond(r);
            b.Respond(r);
        },
        ["another operation"] = (b, r) => b.Respond(r.Id, BlkifOperation.Write, BlkifStatus.Okay),
        ["the outer operation"] = (b, r) => b.Respond(r.Id, BlkifOperation.Indirect, BlkifStatus.Okay),
        ["more responses than requests"] = (b, _) => b.RingPages.StoreRelease(RingLayout.ResponseProducer, 33),
        ["an index that went back"] = (b, _) => b.RingPages.StoreRelease(RingLayout.ResponseProducer, ~0u),
    };

    public static TheoryData<string> Violations => [.. _violations.Keys];

    [Theory]
    [MemberData(nameof(Violations))]
    public async Task S13_a_violation_fails_every_operation_once_and_the_pump_can_be_attached_again(string what)
    {
        await using var rig = new PumpRig(new BackendOffer());
        var submitted = new List<FrontendOperation>();
        for (int i = 0; i < 3; i++) submitted.Add(rig.Submit(BlockOperation.Read, 0, new byte[Page]));
        submitted.Add(rig.Submit(BlockOperation.Read, 0, new byte[4 << 20])); // some of it waits
        rig.Pump.Publish();
        IReadOnlyList<ScriptedRequest> requests = rig.Backend.TakeAll();
        _violations[what](rig.Backend, requests[0]);
        rig.Pump.TakeResponses();

        Assert.True(rig.Pump.FaultReason is { Length: > 10 }, what);
        List<FrontendOperation> completed = rig.TakeCompleted();
        Assert.Equal(submitted.Count, completed.Distinct().Count());
        Assert.Equal(submitted.Count, completed.Count);
        Assert.True(completed.Count(o => o.Status == BlockOperationStatus.PeerViolation) >= 3);
        Assert.False(rig.Pump.Publish());
        Assert.Equal(0, rig.Pump.TakeResponses());

        rig.Submit(BlockOperation.Read, 0, new byte[Page]);
        Assert.Equal(BlockOperationStatus.PeerViolation, Assert.Single(rig.TakeCompleted()).Status);
        rig.Detach(BlockOperationStatus.PeerViolation);
        rig.Attach();
        byte[] disk = [.. Enumerable.Repeat((byte)7, Page)];
        byte[] memory = new byte[Page];
        rig.Submit(BlockOperation.Read, 0, memory);
        rig.ServeAll(disk);
        Assert.Equal(disk, memory);
    }

    [Fact]
    public async Task An_answer_to_an_earlier_request_is_caught_even_if_its_index_is_in_use_again()
    {
        await using var rig = new PumpRig();
        rig.Submit(BlockOperation.Read, 0, new byte[Page]);
        rig.Pump.Publish();
        ScriptedRequest first = Assert.Single(rig.Backend.TakeAll());
        rig.Backend.Respond(first);
        rig.Pump.TakeResponses();
        rig.Submit(BlockOperation.Read, 0, new byte[Page]);
        rig.Pump.Publish();
        ScriptedRequest second = Assert.Single(rig.Backend.TakeAll());
        Assert.Equal(first.Id & uint.MaxValue, second.Id & uint.MaxValue); // the same index
        rig.Backend.Respond(first);
        rig.Pump.TakeResponses();
        Assert.NotNull(rig.Pump.FaultReason);
    }
}
