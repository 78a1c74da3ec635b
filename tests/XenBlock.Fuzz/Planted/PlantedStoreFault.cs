using XenBlock.XenStore;

namespace XenBlock.Fuzz.Planted;

/// <summary>
/// Answers OK to a guest's read of permissions that it was denied: the check was forgotten for one operation.
/// </summary>
public sealed class PlantedStoreFault : StoreTarget
{
    private protected override void Handle(StoreCore core, StoreSession session, in XsPacket packet)
    {
        if (session.Domain.Value == 0 || packet.Operation != XsOperation.GetPermissions)
        {
            base.Handle(core, session, in packet);
            return;
        }

        StoreSession privileged = core.Connect(new(0), static () => { });
        core.Handle(privileged, in packet);
        privileged.TryTake(out XsPacket answer, out _);
        core.Disconnect(privileged);
        session.Answer(answer);
    }
}
