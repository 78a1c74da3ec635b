using XenBlock.Cli.CommandLine;
using XenBlock.Hypervisor;
using XenBlock.Xen;

namespace XenBlock.Appliance;

/// <summary>
/// The first and only process of the guest, from the kernel's hand-over to the end. It must not return, because the
/// kernel panics when its first process ends: whatever happens, it says so and switches the guest off.
/// </summary>
internal static class Init
{
    private const int UsageExitCode = 2;

    // Not Console.Out, which would look for a terminal's description first.
    private static readonly StreamWriter s_console = new(Console.OpenStandardOutput()) { AutoFlush = true };

    /// <summary>Runs the guest.</summary>
    public static async Task<int> RunAsync()
    {
        Timeline times = new() { InitStarted = Timeline.Now };
        if (Environment.ProcessId != 1)
        {
            await s_console.WriteLineAsync("appliance: this is the init of a Xen guest; samples/appliance/README.md");
            return UsageExitCode;
        }

        AppDomain.CurrentDomain.UnhandledException += (_, e) => End(Sentence((Exception)e.ExceptionObject));
        try
        {
            await WorkAsync(times);
            return End(failure: null);
        }
        catch (Exception exception)
        {
            return End(Sentence(exception));
        }
    }

    private static async Task WorkAsync(Timeline times)
    {
        Guest.Prepare();
        times.ModulesLoaded = Timeline.Now;
        JobOptions options = JobOptions.Parse(await File.ReadAllTextAsync("/proc/cmdline"));
        await using XenDomain domain = await XenDomain.OpenAsync();
        times.MachineOpened = Timeline.Now;
        Say($"domain {domain.DomainId.Value} on {domain.Description}");
        ApplianceReport report = await DiskJob.RunAsync(domain, options, times, Say);
        await ReportDisk.WriteAsync(domain, options, report, Say);
    }

    private static void Say(string text) => s_console.WriteLine(
        string.Join('\n', text.TrimEnd().Split('\n').Select(line => "appliance: " + line)));

    private static int End(string? failure)
    {
        Say(failure is null ? $"done at {Timeline.Now:N0} ms" : "failed: " + failure);
        Guest.PowerOff();
        return 1; // and the kernel panics: there is nothing else left to do
    }

    private static string Sentence(Exception exception) => exception switch
    {
        XenBlockException or WorkFailedException => exception.Message.ReplaceLineEndings(" "),
        _ => $"a defect of the appliance: {exception}",
    };
}
