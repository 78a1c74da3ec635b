using System.CommandLine;
using System.Globalization;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Serving;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Cli.Commands;

/// <summary><c>xenblk hotplug</c>: what the script does that libxl calls for a disk of its configuration.</summary>
internal sealed class HotplugCommand : XenblkCommand
{
    private const string PathVariable = "XENBUS_PATH";
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_startPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_endPatience = TimeSpan.FromSeconds(10);
    private readonly Argument<string> _action = new("action") { Description = "add or remove." };

    /// <summary>The command.</summary>
    public HotplugCommand()
        : base(
            "hotplug",
            "Start the backend of a disk that libxl has made, in the background, or see to it that it has ended. "
                + "Called by the script block-xenblk, which libxl calls; the disk is the one that $XENBUS_PATH names.",
            """
            XENBUS_PATH=backend/vbd/5/51712 xenblk hotplug add
            XENBUS_PATH=backend/vbd/5/51712 xenblk hotplug remove
            """)
    {
        _action.AcceptOnlyFromAmong("add", "remove");
        Arguments.Add(_action);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandRun run)
    {
        (DomainId frontend, VbdNumber vbd) = Parse(Environment.GetEnvironmentVariable(PathVariable));
        await using ToolstackStore toolstack =
            await ToolstackStore.OpenAsync(new MachineChoice(Socket: null), run.Token);
        DomainId backend = new((ushort)toolstack.Domain);
        string directory = VbdPaths.Backend(backend, frontend, vbd);
        if (run.Result.GetRequiredValue(_action) is "remove")
            return await RemoveAsync(run, frontend, vbd);
        try
        {
            await AddAsync(toolstack.Store, directory, frontend, vbd, run.Token);
            return ExitCodes.Okay;
        }
        catch (Exception exception) when (exception is UsageException or WorkFailedException or XenBlockException)
        {
            // Where xl's users look for the cause.
            await toolstack.Store.WriteAsync($"{directory}/hotplug-error", exception.Message, run.Token);
            await toolstack.Store.WriteAsync($"{directory}/{VbdKeys.HotplugStatus}", "error", run.Token);
            throw;
        }
    }

    private static async Task AddAsync(
        IXenStore store, string directory, DomainId frontend, VbdNumber vbd, CancellationToken token)
    {
        string status = $"{directory}/{VbdKeys.HotplugStatus}";
        await store.RemoveAsync(status, token);
        using BackgroundBackend process = await BackgroundBackend.StartAsync(frontend, vbd, token);
        Patience patience = new(s_startPatience);
        while (true)
        {
            // The backend writes it once it has published its offer.
            if (await store.ReadAsync(status, token) is VbdKeys.HotplugConnected)
                return;
            if (process.HasEnded)
                throw new WorkFailedException($"The backend ended before it was ready: {process.LastWords()}");
            if (patience.IsOver)
            {
                throw new WorkFailedException(
                    $"The backend is not ready after {patience.Waited.TotalSeconds:N0} s; see {process.Log}");
            }

            await Task.Delay(s_step, token);
        }
    }

    // It ends by itself when its disk does; what comes after us may want the image.
    private static async Task<int> RemoveAsync(CommandRun run, DomainId frontend, VbdNumber vbd)
    {
        Patience patience = new(s_endPatience);
        while (DiskLock.IsServed(frontend, vbd))
        {
            if (patience.IsOver)
            {
                throw new WorkFailedException(
                    $"The backend of {VbdName.Format(vbd)} of domain {frontend.Value} has not ended; see its log.");
            }

            await Task.Delay(s_step, run.Token);
        }

        return ExitCodes.Okay;
    }

    private static (DomainId Frontend, VbdNumber Vbd) Parse(string? path)
    {
        string[] parts = (path ?? "").Split('/'); // backend, vbd, 5, 51712
        if (parts is [.., "backend", "vbd", { } domain, { } number]
            && ushort.TryParse(domain, NumberStyles.None, CultureInfo.InvariantCulture, out ushort frontend)
            && uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out uint vbd))
            return (new DomainId(frontend), new VbdNumber(vbd));
        throw new UsageException(
            $"{PathVariable} is \"{path}\"; libxl's script sets it to the disk's nodes, as backend/vbd/5/51712.");
    }
}
