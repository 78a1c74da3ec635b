using System.Diagnostics;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Serving;
using XenBlock.Conformance;
using XenBlock.Protocol;

namespace XenBlock.Cli.Check;

/// <summary>A frontend of others, whose user is a command of the shell, or somebody who is told when.</summary>
internal sealed class CommandFrontend : IFrontendUnderTest
{
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_toolstackPatience = TimeSpan.FromSeconds(10);

    private readonly HostedMachine _machine;
    private readonly DomainId _frontend;
    private readonly VbdNumber _vbd;
    private readonly string? _command;
    private readonly TimeSpan _time;
    private readonly Action<string> _remark;
    private DiskClaim? _claim;

    /// <summary>A frontend.</summary>
    /// <param name="machine">The machine, on which we are the backend's domain.</param>
    /// <param name="frontend">Its domain.</param>
    /// <param name="vbd">The disk.</param>
    /// <param name="command">What to run in each stage, as sh understands it; null to wait for somebody.</param>
    /// <param name="time">How long to wait for somebody.</param>
    /// <param name="remark">Told when somebody is to use the disk.</param>
    public CommandFrontend(
        HostedMachine machine,
        DomainId frontend,
        VbdNumber vbd,
        string? command,
        TimeSpan time,
        Action<string> remark)
    {
        _machine = machine;
        _frontend = frontend;
        _vbd = vbd;
        _command = command;
        _time = time;
        _remark = remark;
    }

    /// <inheritdoc/>
    public async Task MakeDiskAsync(CancellationToken cancellationToken)
    {
        _claim = DiskClaim.Take(_machine, _frontend, _vbd);
        await _claim.MakeOrAdoptAsync(
            DiskClaim.NodesOf(_machine.Domain.DomainId, _frontend, _vbd, "check", isReadOnly: false, access: null),
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task ShowDiskAsync(CancellationToken cancellationToken) => _claim!.ShowAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task<TrafficOutcome> RunTrafficAsync(FrontendStage stage, CancellationToken cancellationToken)
    {
        if (_command is not null)
            return await RunCommandAsync(_command, stage, cancellationToken);
        _remark($"stage {stage}: use {VbdName.Format(_vbd)} in domain {_frontend.Value} for {_time.TotalSeconds:N0} s");
        await Task.Delay(_time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return new TrafficOutcome(true, "nobody told");
    }

    /// <inheritdoc/>
    public async Task RemoveDiskAsync()
    {
        if (_claim is not { } claim)
            return;
        _claim = null;
        using (claim)
            await claim.WithdrawAsync();
        if (!_machine.IsXen)
            return;

        // A kernel that has not yet seen the disk go would take the next one for it.
        string device = $"/sys/bus/xen/devices/vbd-{_vbd.Value}";
        bool isOwnKernel = _frontend == _machine.Domain.DomainId;
        Patience patience = new(s_toolstackPatience);
        await Task.Delay(isOwnKernel ? s_step : 10 * s_step, CancellationToken.None);
        while (isOwnKernel && Directory.Exists(device) && !patience.IsOver)
            await Task.Delay(s_step, CancellationToken.None);
    }

    private static async Task<TrafficOutcome> RunCommandAsync(
        string command, FrontendStage stage, CancellationToken token)
    {
        // A small root file system may have bash alone.
        ProcessStartInfo start = new(File.Exists("/bin/sh") ? "/bin/sh" : "/bin/bash", ["-c", command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["XENBLK_STAGE"] = stage.ToString();
        using Process process = Process.Start(start)
            ?? throw new WorkFailedException("/bin/sh does not start; the traffic needs it.");
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        Task<string> error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(token);
        }
        catch (OperationCanceledException)
        {
            // One that hangs in the kernel does not even die; whoever waits for us gives up after a while.
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            return new TrafficOutcome(false, "it did not end in time, and was killed");
        }

        string said = $"{await output}{await error}".Trim();
        string last = said.Length == 0 ? "nothing" : said[(said.LastIndexOf('\n') + 1)..];
        return new TrafficOutcome(process.ExitCode == 0, $"{last} (exit code {process.ExitCode})");
    }
}
