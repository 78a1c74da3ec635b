using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.TestKit;

/// <summary>
/// The frontend's directory of a vbd, written and read key by key: the XenStore half of a scripted frontend.
/// </summary>
/// <param name="hypervisor">The frontend's domain.</param>
/// <param name="backend">The backend's domain.</param>
/// <param name="vbd">The vbd.</param>
public sealed class ScriptedVbd(IHypervisor hypervisor, DomainId backend, VbdNumber vbd)
{
    /// <summary>Our own directory.</summary>
    public string Path { get; } = VbdPaths.Frontend(hypervisor.DomainId, vbd);

    /// <summary>The backend's directory.</summary>
    public string BackendPath { get; } = VbdPaths.Backend(backend, hypervisor.DomainId, vbd);

    /// <summary>How long to wait for a state of the backend.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Writes keys and state in one transaction.</summary>
    public Task PublishAsync(XenbusState state, IReadOnlyDictionary<string, string>? keys = null) =>
        hypervisor.Store.TransactAsync(async transaction =>
        {
            if (keys is not null)
            {
                foreach ((string key, string value) in keys) await transaction.WriteAsync($"{Path}/{key}", value);
            }

            await transaction.WriteAsync($"{Path}/{VbdKeys.State}", XenbusTransitions.Format(state));
        });

    /// <summary>The state of the backend as it stands.</summary>
    public async Task<XenbusState> BackendStateAsync() =>
        XenbusTransitions.Parse(await hypervisor.Store.ReadAsync($"{BackendPath}/{VbdKeys.State}"));

    /// <summary>Waits until the backend is in one of these states.</summary>
    /// <exception cref="TimeoutException">It was not within <see cref="Patience"/>.</exception>
    public async Task<XenbusState> WaitForBackendAsync(params XenbusState[] states)
    {
        await using IXenStoreWatch watch = await hypervisor.Store.WatchAsync($"{BackendPath}/{VbdKeys.State}");
        using var deadline = new CancellationTokenSource(Patience);
        XenbusState state = XenbusState.Unknown;
        try
        {
            while (true)
            {
                state = await BackendStateAsync();
                if (states.Contains(state)) return state;
                await watch.NextAsync(deadline.Token);
            }
        }
        catch (OperationCanceledException exception)
        {
            throw new TimeoutException(
                $"the backend stays at {state} and does not reach {string.Join(" or ", states)}", exception);
        }
    }

    /// <summary>The whole handshake of an honest frontend.</summary>
    public async Task ConnectAsync(ScriptedFrontend frontend)
    {
        await PublishAsync(XenbusState.Initialising);
        await WaitForBackendAsync(XenbusState.InitWait);
        await PublishAsync(XenbusState.Initialised, frontend.Keys());
        await WaitForBackendAsync(XenbusState.Connected);
        await PublishAsync(XenbusState.Connected);
    }

    /// <summary>The orderly end of an honest frontend.</summary>
    public async Task CloseAsync()
    {
        await PublishAsync(XenbusState.Closing);
        await WaitForBackendAsync(XenbusState.Closing, XenbusState.Closed);
        await PublishAsync(XenbusState.Closed);
        await WaitForBackendAsync(XenbusState.Closed);
    }
}
