using XenBlock.Cli.CommandLine;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.XenStore;

namespace XenBlock.Cli.Serving;

/// <summary>Waits until a disk that was attached can be used.</summary>
/// <param name="store">A connection with dom0's rights.</param>
/// <param name="nodes">The disk.</param>
internal sealed class AttachWait(IXenStore store, VbdSpecification nodes)
{
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_backendPatience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_guestPatience = TimeSpan.FromSeconds(5);

    /// <summary>Waits for the backend, which must come, and for the guest, which may come later.</summary>
    /// <param name="process">The backend.</param>
    /// <param name="token">Gives up.</param>
    /// <returns>Connected, or where the guest is.</returns>
    /// <exception cref="WorkFailedException">The backend did not come.</exception>
    public async Task<XenbusState> UntilReadyAsync(BackgroundBackend process, CancellationToken token)
    {
        Patience patience = new(s_backendPatience);
        while (true)
        {
            if (process.HasEnded)
                throw new WorkFailedException($"The backend ended before it was ready: {process.LastWords()}");

            // The frontend's directory comes last; before it, a guest could not see the disk.
            if (await LookAsync(token) is { FrontendState: not XenbusState.Unknown } entry
                && entry.BackendState is XenbusState.InitWait or XenbusState.Connected)
                break;
            if (patience.IsOver)
            {
                throw new WorkFailedException(
                    $"The backend is not ready after {patience.Waited.TotalSeconds:N0} s; see {process.Log}");
            }

            await Task.Delay(s_step, token);
        }

        XenbusState state = XenbusState.Initialising;
        patience = new Patience(s_guestPatience);
        while (!patience.IsOver)
        {
            VbdEntry? entry = await LookAsync(token);
            state = entry?.FrontendState ?? XenbusState.Unknown;
            if (state == XenbusState.Connected && entry!.BackendState == XenbusState.Connected)
                break;
            await Task.Delay(s_step, token);
        }

        return state;
    }

    private Task<VbdEntry?> LookAsync(CancellationToken token) =>
        VbdNodes.FindAsync(store, nodes.Backend, nodes.Frontend, nodes.Vbd, token);
}
