using XenBlock.Backend;
using XenBlock.Frontend;

namespace XenBlock.Tests.Interleaving;

/// <summary>
/// A backend is killed at any of its steps; the frontend connects to the next one, on a new ring, and what was under
/// way is done again.
/// </summary>
internal sealed class ReplayScenario : Scenario
{
    private readonly Wire _first;
    private readonly Wire _second;
    private readonly User _user;
    private readonly StepDisk _disk = new();
    private readonly BackendPump _pump;
    private readonly Grounds _grounds;
    private readonly bool _doesTwice;
    private BackendPump? _nextPump;
    private bool _isKilled;
    private bool _isOver;
    private int _kept;

    public ReplayScenario(Grounds grounds, Execution run, int writes, bool doesTwice = false)
    {
        _grounds = grounds;
        _doesTwice = doesTwice;
        _first = new Wire(grounds, run, 0);
        _second = new Wire(grounds, run, 1);
        _pump = _first.Attach(_disk);
        _user = new User(new FrontendPump(grounds.Grants), _disk, writes);
        _user.Pump.Attach(_first.Link);
        while (_user.HasMore) _user.Submit();
        if (_user.Pump.Publish()) _first.ToBack.Notify();
        run.Add("frontend", RunFrontend);
        Actor victim = run.Add("backend", () => Serve(_pump, _first));
        run.Add("killer", () =>
        {
            Actor.Current!.Point(StepKind.Everything, 0);
            run.Kill(victim);
            grounds.Mapper.EndAll(); // what the machine does for the dead
            _isKilled = true;
            _first.ToFront.Notify();
        });
        run.Add("next backend", () =>
        {
            _second.ToBack.Wait(); // the toolstack's word that the new ring is there
            _nextPump = _second.Attach(_disk);
            Serve(_nextPump, _second);
        });
    }

    public override string? Check() => _kept == 0
        ? _user.Check(mustSucceed: true)
        : $"{_kept} pages are still mapped when the backend is dead";

    public override void Dispose()
    {
        _user.Pump.Detach(BlockOperationStatus.PeerGone, keepWaiting: false);
        _nextPump?.Dispose();
        _grounds.Mapper.EndAll();
        _user.Pump.RevokeAbandoned();
        _first.Dispose();
        _second.Dispose();
    }

    private void RunFrontend()
    {
        FrontendPump pump = _user.Pump;
        while (!_isKilled)
        {
            pump.TakeResponses();
            _user.Take();
            if (!pump.FinalCheckForResponses()) _first.ToFront.Wait();
        }

        pump.Detach(BlockOperationStatus.PeerGone, keepWaiting: true);
        pump.RevokeAbandoned();
        _kept = _first.Release();
        pump.Attach(_second.Link);
        if (_doesTwice && _user.IsCompleted(0)) _user.SubmitAgain(0);
        pump.Publish();
        _second.ToBack.Notify();
        while (true)
        {
            pump.TakeResponses();
            _user.Take();
            if (_user.IsDone && pump.InFlight == 0) break;
            if (!pump.FinalCheckForResponses()) _second.ToFront.Wait();
        }

        _isOver = true;
        _second.ToBack.Notify();
    }

    private void Serve(BackendPump pump, Wire wire)
    {
        while (true)
        {
            while (pump.Pump() == PumpOutcome.Busy)
            {
            }

            if (_isOver) return;
            if (!pump.FinalCheck()) wire.ToBack.Wait();
        }
    }
}
