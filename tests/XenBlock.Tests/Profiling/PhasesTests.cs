using System.Diagnostics;
using XenBlock.Backend;
using XenBlock.Emulator;
using XenBlock.Frontend;
using XenBlock.Profiling;
using XenBlock.Storage;
using XenBlock.Tests.Frontend;
using Xunit;
using TraceLevel = XenBlock.Profiling.TraceLevel;

namespace XenBlock.Tests.Profiling;

/// <summary>Both ends traced, joined, and read by Debian's babeltrace2.</summary>
public sealed class PhasesTests
{
    [Theory]
    [InlineData(PayloadAccess.Map, 1, false)]
    [InlineData(PayloadAccess.Batch, 2, false)]
    [InlineData(PayloadAccess.Persistent, 4, false)]
    [InlineData(PayloadAccess.Copy, 2, false)]
    [InlineData(PayloadAccess.Auto, 2, false)]
    [InlineData(PayloadAccess.Map, 1, true)]
    public async Task The_phases_of_every_request_add_up_to_its_latency(PayloadAccess access, int queues, bool isSlow)
    {
        (TraceSession trace, int operations, BlockDeviceStatistics statistics) =
            await TrafficAsync(access, queues, isSlow);
        List<RequestTrace> requests = Join(trace, out int incomplete);
        Assert.Equal(0, incomplete);
        Assert.All(trace.Streams, stream => Assert.Equal(0ul, stream.Lost));
        Assert.Equal(statistics.Requests, requests.Count);
        Assert.True(requests.Count >= operations);
        foreach (RequestTrace request in requests)
        {
            long sum = 0;
            foreach (RequestPhase phase in Enum.GetValues<RequestPhase>())
            {
                Assert.True(request.PhaseNs(phase) >= 0, $"{phase} of {request}");
                sum += request.PhaseNs(phase);
            }

            Assert.Equal(request.LatencyNs, sum);
        }

        PhaseSummary summary = PhaseSummary.Of(requests, 0, 0);
        Assert.Equal(summary.MeanLatencyNs, summary.Phases.Sum(phase => phase.MeanNs), summary.MeanLatencyNs / 1e6);
        Assert.Equal(1, summary.Phases.Sum(phase => phase.Share), 1e-6);
        if (isSlow)
        {
            // A store that takes 2 ms is what takes the time.
            Assert.True(summary.Phases[(int)RequestPhase.Store].Share > 0.5, $"{summary}");
        }
    }

    [Fact]
    public async Task What_is_off_writes_nothing_and_can_be_switched_on_and_off_at_any_time()
    {
        var trace = new TraceSession(TimeProvider.System);
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(1 << 20);
        await rig.ServeAsync(store, new ServedDiskOptions { Trace = trace });
        BlockDevice device = await rig.ConnectAsync(new BlockDeviceOptions { Trace = trace });
        await device.ReadAsync(0, new byte[4096]);
        trace.Collect();
        Assert.All(trace.Streams, stream => Assert.Empty(stream.Packets));
        trace.Level = TraceLevel.Phases;
        for (int i = 0; i < 10; i++) await device.ReadAsync(0, new byte[4096]);
        trace.Level = TraceLevel.Off;
        await device.ReadAsync(0, new byte[4096]);
        await device.DisposeAsync();
        trace.Collect();
        Assert.InRange(Join(trace, out _).Count, 9, 10);
    }

    [Fact]
    public async Task Babeltrace2_reads_every_record_of_the_folder()
    {
        if (!File.Exists("/usr/bin/babeltrace2")) Assert.Skip("babeltrace2 is not installed: apt install babeltrace2");
        (TraceSession trace, _, _) = await TrafficAsync(PayloadAccess.Map, 2, isSlow: false);
        string folder = Directory.CreateTempSubdirectory("xenblock-ctf").FullName;
        try
        {
            CtfFolder.Write(folder, trace.Uuid, trace.Streams);
            int records = trace.Streams.Sum(stream => stream.Packets.Sum(packet => packet.RecordCount));
            (int exitCode, string output, string error) = Run("/usr/bin/babeltrace2", folder);
            Assert.True(exitCode == 0, error);
            string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(records, lines.Length);
            Assert.Empty(error.Trim());
            Assert.Contains(lines, line => line.Contains("read_granted", StringComparison.Ordinal));
            Assert.Contains(lines, line => line.Contains("pages_let_go", StringComparison.Ordinal));

            // The control: a record whose time goes back is noticed by the same reader.
            string file = Directory.GetFiles(folder, "stream-*")[0];
            byte[] bytes = await File.ReadAllBytesAsync(file);
            bytes.AsSpan(TracePacket.HeaderBytes + TraceRecord.SizeBytes, 8).Clear();
            await File.WriteAllBytesAsync(file, bytes);
            (exitCode, _, error) = Run("/usr/bin/babeltrace2", folder);
            Assert.True(exitCode != 0 || error.Length != 0, "a time that went back was not noticed");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(TraceSession Trace, int Operations, BlockDeviceStatistics Statistics)> TrafficAsync(
        PayloadAccess access, int queues, bool isSlow)
    {
        var trace = new TraceSession(TimeProvider.System) { Level = TraceLevel.Phases };
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        var memory = new MemoryBlockStore(4 << 20);
        using IBlockStore store = isSlow
            ? new SlowBlockStore(memory, new SlowModel("slow", 2, 1e12, 2, 1e12))
            : memory;
        await rig.ServeAsync(store, new ServedDiskOptions { Access = access, QueuesMax = queues, Trace = trace });
        BlockDevice device = await rig.ConnectAsync(new BlockDeviceOptions { QueuesMax = queues, Trace = trace });
        int each = isSlow ? 10 : 100;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Factory.StartNew(
            () =>
            {
                byte[] data = new byte[16 << 10];
                for (int i = 0; i < each; i++)
                {
                    device.Write(worker * 65536L, data);
                    device.Read(worker * 65536L, data);
                    if (i % 10 == 0) device.Flush();
                }
            },
            TaskCreationOptions.LongRunning)));
        BlockDeviceStatistics statistics = device.Statistics;
        await device.DisposeAsync();
        trace.Collect();
        return (trace, 4 * each * 2, statistics);
    }

    private static List<RequestTrace> Join(TraceSession trace, out int incomplete)
    {
        incomplete = 0;
        var joiner = new RequestJoiner();
        var requests = new List<RequestTrace>();
        foreach (var queue in trace.Streams.GroupBy(stream => (stream.Disk, stream.Queue)))
        {
            requests.AddRange(joiner.Join(
                queue.Where(stream => stream.Side == TraceSide.Frontend).SelectMany(stream => stream.Records),
                queue.Where(stream => stream.Side == TraceSide.Backend).SelectMany(stream => stream.Records)));
            incomplete += joiner.Incomplete;
        }

        return requests;
    }

    private static (int ExitCode, string Output, string Error) Run(string program, string argument)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, [argument])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
