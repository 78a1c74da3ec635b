using XenBlock.Backend;
using XenBlock.Frontend;
using XenBlock.SharedMemory;

namespace XenBlock.Tests.Interleaving;

/// <summary>Both ends over one ring, each asleep when there is nothing for it to do.</summary>
internal sealed class WakeUpScenario : Scenario
{
    private readonly Wire _wire;
    private readonly User _user;
    private readonly BackendPump _pump;
    private readonly Grounds _grounds;
    private readonly bool _backendForgets;
    private readonly bool _frontendForgets;
    private bool _isOver;

    public WakeUpScenario(
        Grounds grounds,
        Execution run,
        int writes,
        int writesBefore = 0,
        bool backendForgets = false,
        bool frontendForgets = false)
    {
        _grounds = grounds;
        _backendForgets = backendForgets;
        _frontendForgets = frontendForgets;
        var disk = new StepDisk();
        _wire = new Wire(grounds, run, 0);
        _pump = _wire.Attach(disk);
        _user = new User(new FrontendPump(grounds.Grants), disk, writes);
        _user.Pump.Attach(_wire.Link);
        for (int i = 0; i < writesBefore; i++)
        {
            _user.Submit();
            if (_user.Pump.Publish()) _wire.ToBack.Notify();
        }

        run.Add("frontend", RunFrontend);
        run.Add("backend", RunBackend);
    }

    public override string? Check() => _user.Check(mustSucceed: true);

    public override void Dispose()
    {
        _user.Pump.Detach(BlockOperationStatus.PeerGone, keepWaiting: false);
        _pump.Dispose();
        _grounds.Mapper.EndAll();
        _user.Pump.RevokeAbandoned();
        _wire.Dispose();
    }

    private void RunFrontend()
    {
        FrontendPump pump = _user.Pump;
        _user.SubmitOneByOne(_wire);
        while (true)
        {
            pump.TakeResponses();
            _user.Take();
            if (_user.IsDone) break;
            if (_frontendForgets ? ArmOnly() : !pump.FinalCheckForResponses()) _wire.ToFront.Wait();
        }

        _isOver = true;
        _wire.ToBack.Notify();
    }

    private void RunBackend()
    {
        while (true)
        {
            while (_pump.Pump() == PumpOutcome.Busy)
            {
            }

            if (_isOver) return;
            if (_backendForgets ? ArmOnlyAsBackend() : !_pump.FinalCheck()) _wire.ToBack.Wait();
        }
    }

    // The controls: ask for the event, and do not look again.
    private bool ArmOnly()
    {
        uint taken = _wire.Pages.CopyOut<uint>(RingLayout.ResponseProducer);
        if (_user.Pump.HasResponses) return false;
        _wire.Pages.StoreRelease(RingLayout.ResponseEvent, taken + 1);
        return true;
    }

    private bool ArmOnlyAsBackend()
    {
        if (_pump.HasRequests) return false;
        _wire.Mapping.Pages.StoreRelease(RingLayout.RequestEvent, _pump.RequestsTaken + 1);
        return true;
    }
}
