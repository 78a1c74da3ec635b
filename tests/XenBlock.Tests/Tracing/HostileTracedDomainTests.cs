using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Profiling;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.Tests.Frontend;
using XenBlock.Tests.SharedMemory;
using XenBlock.Tracing;
using Xunit;

namespace XenBlock.Tests.Tracing;

/// <summary>A traced domain that publishes and writes whatever it likes: the tracer goes on, and stays small.</summary>
public sealed class HostileTracedDomainTests
{
    private static readonly byte[] _uuid = Guid.NewGuid().ToByteArray();

    public static TheoryData<string, string> Lies => new()
    {
        { "version", "2" },
        { "clock", new string('a', 1000) },
        { "clock", "../../etc/passwd" },
        { "recorder/0/side", "upside" },
        { "recorder/0/disk", "1/xvda/../../x" },
        { "recorder/0/disk", "2/xvda" },
        { "recorder/0/queue", "99999999999999999999" },
        { "recorder/0/queue", "-1" },
        { "recorder/0/ring-ref", "" },
        { "recorder/0/ring-ref", "1,2" },
        { "recorder/0/ring-ref", "1,2,4294967296" },
        { "recorder/0/ring-ref", "9,10,a" },
        { "recorder/0/ring-ref", string.Join(',', Enumerable.Range(1, 400)) },
        { "recorder/0/ring-ref", "4000000000,4000000001,4000000002" },
        { "recorder/0/ring-ref", "30000,30001,30002" },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task A_lie_in_XenStore_is_followed_by_nothing(string key, string lie)
    {
        await using EmulatedMachine machine = EmulatedMachine.Create();
        await using EmulatedDomain traced = machine.AddDomain(new DomainId(1));
        await using EmulatedDomain tracer = machine.AddDomain(DomainId.Zero);
        await using SharedTrace shared = await OpenAsync(traced);
        await using var honest = new TraceFollower(tracer, Subject());
        await honest.LookAsync();
        Assert.Equal(1, honest.RecorderCount); // the control: without the lie it is followed

        string process = $"{Root}/{Assert.Single((await traced.Store.ListAsync(Root))!)}";
        await traced.Store.WriteAsync($"{process}/{key}", lie);
        await using var follower = new TraceFollower(tracer, Subject());
        await follower.LookAsync();
        Assert.Equal(0, follower.RecorderCount);
        Assert.InRange(follower.Problems.Count, 0, 1);
    }

    [Fact]
    public async Task More_processes_and_recorders_than_there_can_be_are_not_looked_at()
    {
        await using EmulatedMachine machine = EmulatedMachine.Create();
        await using EmulatedDomain traced = machine.AddDomain(new DomainId(1));
        await using EmulatedDomain tracer = machine.AddDomain(DomainId.Zero);
        await using SharedTrace shared = await OpenAsync(traced);
        string process = $"{Root}/{Assert.Single((await traced.Store.ListAsync(Root))!)}";
        string references = (await traced.Store.ReadAsync($"{process}/recorder/0/ring-ref"))!;
        for (int i = 1; i < 150; i++)
        {
            await traced.Store.WriteAsync($"{process}/recorder/{i}/side", "frontend");
            await traced.Store.WriteAsync($"{process}/recorder/{i}/disk", "1/xvda");
            await traced.Store.WriteAsync($"{process}/recorder/{i}/queue", "0");
            await traced.Store.WriteAsync($"{process}/recorder/{i}/ring-ref", references);
        }

        for (int i = 0; i < 100; i++) await traced.Store.WriteAsync($"{Root}/not-a-uuid-{i}", "");
        await using var follower = new TraceFollower(tracer, Subject());
        await follower.LookAsync();
        Assert.InRange(follower.RecorderCount, 1, 64);
    }

    [Fact]
    public void Pages_of_noise_are_read_without_harm_and_written_without_harm()
    {
        string folder = Directory.CreateTempSubdirectory("xenblock-noise").FullName;
        try
        {
            for (int seed = 0; seed < 200; seed++)
            {
                var random = new Random(seed);
                var memory = new PinnedPages(9);
                random.NextBytes(memory.Bytes);

                // Kinds that exist more often than chance would have it, so that requests come out of it.
                for (int at = 4096 + TracePacket.HeaderBytes; at + 32 <= memory.Bytes.Length; at += 32)
                {
                    memory.Bytes[at + 8] = (byte)random.Next(1, 24);
                    memory.Bytes[at + 9] = 0;
                    memory.Bytes.AsSpan(at + 17, 7).Clear();
                    if (random.Next(2) == 0) memory.Bytes.AsSpan(at + 5, 3).Clear();
                }

                memory.View.StoreRelease64(0, random.Next(3) switch
                {
                    0 => ulong.MaxValue,
                    1 => (ulong)random.NextInt64(long.MaxValue),
                    _ => (ulong)random.Next(1, 2000),
                });
                var stream = new RecordedTrace(0, "1/xvda frontend 0", TraceSide.Frontend, "1/xvda", 0);
                var other = new RecordedTrace(1, "1/xvda backend 0", TraceSide.Backend, "1/xvda", 0);
                var reader = new TraceReader(memory.View, _uuid, 0, isForeign: true);
                var second = new TraceReader(memory.View, _uuid, 1, isForeign: true);
                Assert.InRange(stream.Take(reader), 0, 16);
                other.Take(second);
                long last = 0;
                Assert.All(stream.Records, record =>
                {
                    Assert.True(record.TimeNs >= last && Enum.IsDefined(record.Kind));
                    last = record.TimeNs;
                });
                foreach (RecordedTrace[] streams in (RecordedTrace[][])[[stream], [other], [stream, other]])
                {
                    IReadOnlyList<RequestTrace> requests = RequestJoiner.JoinAll(streams, out _);
                    _ = PhaseSummary.Of(requests, 0, 0);
                    PerfettoFile.Write(Path.Combine(folder, "x"), requests);
                    BlktraceFile.Write(folder, requests);
                    _ = ClockOffset.Estimate(streams, out _);
                }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_count_that_runs_away_does_not_keep_the_reader()
    {
        var memory = new PinnedPages(5);
        using var stop = new CancellationTokenSource();
        SharedPages pages = memory.View;
        Task running = Task.Factory.StartNew(
            () =>
            {
                for (ulong count = 0; !stop.IsCancellationRequested; count += 100_000) pages.StoreRelease64(0, count);
            },
            TaskCreationOptions.LongRunning);
        var reader = new TraceReader(memory.View, _uuid, 0, isForeign: true);
        for (int i = 0; i < 1000; i++) Assert.InRange(reader.Read().Count, 0, 8);
        await stop.CancelAsync();
        await running;
    }

    private const string Root = "/local/domain/1/data/xenblk-trace";

    private static TraceSubject Subject() => new() { Frontend = new DomainId(1), Vbd = DeviceRig.Vbd };

    private static async Task<SharedTrace> OpenAsync(IHypervisor traced)
    {
        SharedTrace shared = await SharedTrace.OpenAsync(traced, new SharedTraceOptions { PagesPerRecorder = 4 });
        shared.Session.Recorder("1/xvda frontend 0", TraceSide.Frontend, "1/xvda", 0);
        string process = $"{Root}/{Assert.Single((await traced.Store.ListAsync(Root))!)}";
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (await traced.Store.ReadAsync($"{process}/recorder/0/ring-ref") is null)
            await Task.Delay(5, deadline.Token);
        return shared;
    }
}
