using XenBlock.Backend;
using XenBlock.Frontend;

namespace XenBlock.Tests.Interleaving;

/// <summary>A toolstack stops the backend at any moment, with requests in flight; all is taken back.</summary>
internal sealed class TeardownScenario : Scenario
{
    private readonly Wire _wire;
    private readonly User _user;
    private readonly BackendPump _pump;
    private readonly Grounds _grounds;
    private readonly bool _forgetsToUnmap;
    private bool _mustStop;
    private bool _isBackGone;
    private int _kept;

    public TeardownScenario(Grounds grounds, Execution run, int writes, bool forgetsToUnmap = false)
    {
        _grounds = grounds;
        _forgetsToUnmap = forgetsToUnmap;
        var disk = new PipelinedStepDisk();
        _wire = new Wire(grounds, run, 0);
        _pump = _wire.Attach(disk);
        _user = new User(new FrontendPump(grounds.Grants), disk, writes);
        _user.Pump.Attach(_wire.Link);
        run.Add("frontend", RunFrontend);
        run.Add("backend", RunBackend);
        run.Add("toolstack", () =>
        {
            Actor.Current!.Point(StepKind.Write, 1L << 23);
            _mustStop = true;
            _wire.ToBack.Notify();
        });
    }

    public override string? Check()
    {
        if (_kept != 0) return $"{_kept} pages are still mapped when the backend is gone";
        if (_user.Pump.Counters.GrantsQuarantined != 0) return "the frontend could not take pages of requests back";
        if (_grounds.PagesMapped != 0) return $"{_grounds.PagesMapped} pages are mapped, says the machine";
        return _user.Check(mustSucceed: false);
    }

    public override void Dispose()
    {
        _grounds.Mapper.ForgetsToUnmap = false;
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
            if (_isBackGone) break;
            if (!pump.FinalCheckForResponses()) _wire.ToFront.Wait();
        }

        pump.Detach(BlockOperationStatus.PeerGone, keepWaiting: false);
        _user.Take();
        pump.RevokeAbandoned();
        _kept = _wire.Release();
    }

    private void RunBackend()
    {
        while (true)
        {
            PumpOutcome outcome = _pump.Pump();
            Actor.Current!.Point(StepKind.Read, 1L << 23);
            if (_mustStop) break;
            if (outcome == PumpOutcome.Busy || _pump.NextCompletionDelay == TimeSpan.Zero) continue;
            if (!_pump.FinalCheck()) _wire.ToBack.Wait();
        }

        _grounds.Mapper.ForgetsToUnmap = _forgetsToUnmap;
        _pump.Dispose();
        _grounds.Mapper.ForgetsToUnmap = false;
        _grounds.Mapper.Unmap([_wire.Mapping]);
        _isBackGone = true;
        _wire.ToFront.Notify();
    }
}
