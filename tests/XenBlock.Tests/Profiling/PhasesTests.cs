using System.Diagnostics;
using System.Text.RegularExpressions;
using XenBlock.Backend;
using XenBlock.Frontend;
using XenBlock.Profiling;
using XenBlock.Storage;
using XenBlock.Tests.Frontend;
using Xunit;
using TraceLevel = XenBlock.Profiling.TraceLevel;

namespace XenBlock.Tests.Profiling;

/// <summary>Both ends traced, joined, and read by Debian's babeltrace2.</summary>
public sealed class PhasesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("xenblock-trace").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

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
        IReadOnlyList<RequestTrace> requests = RequestJoiner.JoinAll(trace.Streams, out int incomplete);
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
        Assert.InRange(RequestJoiner.JoinAll(trace.Streams, out _).Count, 9, 10);
    }

    [Theory]
    [InlineData(TraceLevel.Phases, "read_granted")]
    [InlineData(TraceLevel.Full, "pages_mapped")]
    public async Task Babeltrace2_reads_every_record_of_the_folder(TraceLevel level, string kind)
    {
        if (!File.Exists("/usr/bin/babeltrace2")) Assert.Skip("babeltrace2 is not installed: apt install babeltrace2");
        (TraceSession trace, _, _) = await TrafficAsync(PayloadAccess.Map, 2, isSlow: false, level);
        CtfFolder.Write(_folder, trace.Uuid, trace.Streams);
        int records = trace.Streams.Sum(stream => stream.Packets.Sum(packet => packet.RecordCount));
        (int exitCode, string output, string error) = Run("/usr/bin/babeltrace2", _folder);
        Assert.True(exitCode == 0, error);
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(records, lines.Length);
        Assert.Empty(error.Trim());
        Assert.Contains(lines, line => line.Contains(kind, StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("pages_let_go", StringComparison.Ordinal));

        // The control: a record whose time goes back is noticed by the same reader.
        string file = Directory.GetFiles(_folder, "stream-*")[0];
        byte[] bytes = await File.ReadAllBytesAsync(file);
        bytes.AsSpan(TracePacket.HeaderBytes + TraceRecord.SizeBytes, 8).Clear();
        await File.WriteAllBytesAsync(file, bytes);
        (exitCode, _, error) = Run("/usr/bin/babeltrace2", _folder);
        Assert.True(exitCode != 0 || error.Length != 0, "a time that went back was not noticed");
    }

    [Fact]
    public void Babeltrace2_counts_the_records_that_were_lost()
    {
        if (!File.Exists("/usr/bin/babeltrace2")) Assert.Skip("babeltrace2 is not installed: apt install babeltrace2");
        var session = new TraceSession(TimeProvider.System, 4, watchesProcess: true) { Level = TraceLevel.Full };
        TraceRecorder recorder = session.Recorder("1/xvda backend 0", TraceSide.Backend, "1/xvda", 0);
        TraceEventKind[] kinds = Enum.GetValues<TraceEventKind>();
        int written = 0;

        // Each time a round and a half of its memory: half a round is gone before it is collected.
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < 6 * TracePacket.RecordsMax; i++)
                recorder.Write(recorder.NowNs, kinds[written++ % kinds.Length], 0, 1, (ulong)i, 0);
            session.Collect();
        }

        RecordedTrace stream = Assert.Single(session.Streams);
        Assert.NotEqual(0ul, stream.Lost);
        CtfFolder.Write(_folder, session.Uuid, session.Streams, [new TracedSpan("Read of 4 KiB, map", 1, 2)]);
        (int exitCode, string output, string error) = Run("/usr/bin/babeltrace2", _folder);
        Assert.True(exitCode == 0, error);
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(written - (int)stream.Lost, lines.Length);
        foreach (TraceEventKind kind in kinds)
        {
            string name = string.Concat(
                $"{kind}".Select((letter, i) => (i > 0 && char.IsUpper(letter) ? "_" : "") + char.ToLower(
                    letter, System.Globalization.CultureInfo.InvariantCulture)));
            Assert.Contains(lines, line => line.Contains($" {name}:", StringComparison.Ordinal));
        }

        // What it says of lost ones: "Tracer discarded N events between ..." a line for each gap it can see.
        ulong told = 0;
        foreach (Match match in Regex.Matches(error, @"[Tt]racer discarded (\d+) event"))
            told += ulong.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(told > 0 && told <= stream.Lost, $"{stream.Lost} lost: {error}");
    }

    [Fact]
    public async Task Btt_computes_our_phases_from_the_blktrace_file()
    {
        if (!File.Exists("/usr/bin/btt")) Assert.Skip("btt is not installed: apt install blktrace");
        (TraceSession trace, _, _) = await TrafficAsync(PayloadAccess.Map, 1, isSlow: false);
        IReadOnlyList<RequestTrace> requests = [.. RequestJoiner.JoinAll(trace.Streams, out _)
            .Where(request => request.LengthBytes != 0)];
        BlktraceFile.Write(_folder, requests);
        string file = Path.Combine(_folder, "xvda");
        (int exitCode, string text, string error) = Run(
            "/usr/bin/blkparse", "-i", file, "-d", $"{file}.bin", "-O");
        Assert.True(exitCode == 0, $"{text}{error}");
        (exitCode, string output, error) = Run("/usr/bin/btt", "-i", $"{file}.bin");
        Assert.True(exitCode == 0, error);
        foreach ((string name, int from, int to) in ((string, int, int)[])
            [("Q2G", 0, 1), ("G2I", 1, 2), ("I2D", 2, 5), ("D2C", 5, 12), ("Q2C", 0, 12)])
        {
            // A line as "Q2C  0.000000300  0.000000300  0.000000300  50": least, mean, most, how many.
            string line = output.Split('\n').First(line => line.StartsWith(name, StringComparison.Ordinal));
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            double ours = requests.Average(request => (double)(request.Stamps[to] - request.Stamps[from]));
            double theirs = double.Parse(words[2], System.Globalization.CultureInfo.InvariantCulture) * 1e9;
            Assert.True(Math.Abs(ours - theirs) <= 2 + (ours * 1e-4), $"{name}: ours {ours} ns, btt: {line}");
            Assert.Equal(requests.Count, int.Parse(words[^1], System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public async Task Protoc_reads_the_perfetto_file_and_its_slices_nest()
    {
        if (!File.Exists("/usr/bin/protoc")) Assert.Skip("protoc is not installed: apt install protobuf-compiler");
        (TraceSession trace, _, _) = await TrafficAsync(PayloadAccess.Batch, 2, isSlow: false);
        IReadOnlyList<RequestTrace> requests = RequestJoiner.JoinAll(trace.Streams, out _);
        string path = Path.Combine(_folder, "trace.pftrace");
        PerfettoFile.Write(path, requests);
        PerfettoLots.Inflate(path);
        string schema = Path.Combine(_folder, "subset.proto");
        await File.WriteAllTextAsync(schema, PerfettoSubset);
        (int exitCode, string output, string error) = Run(
            "/bin/sh", "-c", $"/usr/bin/protoc -I {_folder} --decode=Trace {schema} < {path}");
        Assert.True(exitCode == 0, error);
        int begins = Count(output, "type: BEGIN");
        Assert.Equal(begins, Count(output, "type: END"));
        Assert.Equal(2 * requests.Count, Count(output, "flow_ids:"));
        int phases = requests.Sum(request =>
            Enum.GetValues<RequestPhase>().Count(phase => request.PhaseNs(phase) != 0));
        Assert.Equal((2 * requests.Count) + phases, begins);
        Assert.Equal(2 * requests.Count, Count(output, "type: COUNTER"));
        Assert.DoesNotContain(" 1: ", output, StringComparison.Ordinal); // a field that the schema does not know
    }

    [Fact]
    public void The_perfetto_file_is_small_and_its_differences_add_up_to_the_times()
    {
        List<RequestTrace> requests = Views.Requests.Batches(5_000, depth: 32, seed: 1);
        string path = Path.Combine(_folder, "small.pftrace");
        PerfettoFile.Write(path, requests);

        double bytesPerRequest = (double)new FileInfo(path).Length / requests.Count;

        // 28 packets each, of which a packet that says everything itself has 22 bytes.
        Assert.InRange(bytesPerRequest, 20, 130);
        (long first, long last) = PerfettoLots.Span(PerfettoLots.Inflated(File.ReadAllBytes(path)));
        Assert.Equal(requests.Min(request => request.Stamps[0]), first);
        Assert.Equal(requests.Max(request => request.Stamps[RequestTrace.PhaseCount]), last);
    }

    // Of protos/perfetto/trace: the fields that we write, by Perfetto's numbers.
    private const string PerfettoSubset = """
        syntax = "proto2";
        message Trace { repeated TracePacket packet = 1; }
        message TracePacket {
          optional ClockSnapshot clock_snapshot = 6;
          optional uint64 timestamp = 8;
          optional uint32 trusted_packet_sequence_id = 10;
          optional TrackEvent track_event = 11;
          optional InternedData interned_data = 12;
          optional uint32 sequence_flags = 13;
          optional uint32 timestamp_clock_id = 58;
          optional TracePacketDefaults trace_packet_defaults = 59;
          optional TrackDescriptor track_descriptor = 60;
        }
        message ClockSnapshot {
          message Clock {
            optional uint32 clock_id = 1; optional uint64 timestamp = 2; optional bool is_incremental = 3;
          }
          repeated Clock clocks = 1;
        }
        message TracePacketDefaults {
          optional TrackEventDefaults track_event_defaults = 11; optional uint32 timestamp_clock_id = 58;
        }
        message TrackEventDefaults { optional uint64 track_uuid = 11; }
        message InternedData { repeated EventName event_names = 2; repeated EventName debug_annotation_names = 3; }
        message EventName { optional uint64 iid = 1; optional string name = 2; }
        message DebugAnnotation { optional uint64 name_iid = 1; optional uint64 uint_value = 3; }
        message TrackDescriptor {
          optional uint64 uuid = 1; optional string name = 2; optional uint64 parent_uuid = 5;
          optional CounterDescriptor counter = 8;
        }
        message CounterDescriptor { }
        message TrackEvent {
          enum Type { UNSPECIFIED = 0; BEGIN = 1; END = 2; INSTANT = 3; COUNTER = 4; }
          repeated DebugAnnotation debug_annotations = 4;
          optional Type type = 9; optional uint64 name_iid = 10; optional uint64 track_uuid = 11;
          optional int64 counter_value = 30; repeated fixed64 flow_ids = 47;
        }
        """;

    private static int Count(string text, string word) =>
        text.Split(word, StringSplitOptions.None).Length - 1;

    private static async Task<(TraceSession Trace, int Operations, BlockDeviceStatistics Statistics)> TrafficAsync(
        PayloadAccess access, int queues, bool isSlow, TraceLevel level = TraceLevel.Phases)
    {
        var trace = new TraceSession(TimeProvider.System) { Level = level };
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

    private static (int ExitCode, string Output, string Error) Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
