using XenBlock.Backend;
using XenBlock.Emulator;
using XenBlock.Frontend;
using XenBlock.Hypervisor;
using XenBlock.Profiling;
using XenBlock.Protocol;
using XenBlock.Storage;
using XenBlock.Tests.Frontend;
using XenBlock.Tracing;
using Xunit;

namespace XenBlock.Tests.Tracing;

/// <summary>A disk on the embedded machine, followed by a third domain.</summary>
public sealed class SharedTraceTests
{
    private static readonly DomainId _tracerId = new(7);

    [Fact]
    public async Task A_third_domain_follows_both_ends_and_the_phases_add_up()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        await using EmulatedDomain tracer = rig.Machine.AddDomain(_tracerId);
        using var store = new MemoryBlockStore(1 << 20);
        await using SharedTrace back = await OpenAsync(rig.BackendDomain);
        await using SharedTrace front = await OpenAsync(rig.FrontendDomain);
        await rig.ServeAsync(store, new ServedDiskOptions { Trace = back.Session, QueuesMax = 1 });
        BlockDevice device = await rig.ConnectAsync(new BlockDeviceOptions { Trace = front.Session, QueuesMax = 1 });
        await using TraceFollower follower = await FollowAsync(tracer, DomainId.Zero, recorders: 2);
        await device.ReadAsync(0, new byte[4096]);
        follower.Collect();
        Assert.Equal(0, follower.KeptBytes); // off until somebody wishes

        await follower.WishAsync();
        await DeviceRig.UntilAsync(() => IsOn(front) && IsOn(back));
        for (int i = 0; i < 50; i++) await device.WriteAsync(4096 * i, new byte[8192]);
        await follower.EndWishAsync();
        await DeviceRig.UntilAsync(() => !IsOn(front) && !IsOn(back));
        await device.ReadAsync(0, new byte[4096]);
        follower.Collect();

        FollowedTrace trace = follower.Join();
        FollowedPart part = Assert.Single(trace.Parts);
        Assert.Equal(ClockOffset.Same, trace.Clock);
        Assert.Equal(50, part.Requests.Count(request => request.Kind == TraceEventKind.WriteGranted));
        Assert.DoesNotContain(part.Requests, request => request.Kind == TraceEventKind.ReadGranted);
        Assert.Equal(0ul, part.Lost);
        DiskFacts facts = part.Facts();
        Assert.Equal(50, facts.Trace.Summary.RequestCount);
        Assert.Equal(("map", 32), (facts.Knobs.Access, facts.Knobs.SlotCount));
        Assert.Contains("too few", Diagnosis.Of(facts).Headline, StringComparison.Ordinal);
        Assert.All(part.Requests, request =>
        {
            Assert.Equal(TracedPart.Whole, request.Part);
            Assert.Equal(request.LatencyNs, Enum.GetValues<RequestPhase>().Sum(request.PhaseNs));
        });
        Assert.Null(front.Problem);
        Assert.Null(back.Problem);
        Assert.Empty(follower.Problems);
    }

    [Theory]
    [InlineData(TraceSide.Frontend)]
    [InlineData(TraceSide.Backend)]
    public async Task One_end_that_may_be_traced_is_traced_alone(TraceSide side)
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        await using EmulatedDomain tracer = rig.Machine.AddDomain(_tracerId);
        using var store = new MemoryBlockStore(1 << 20);
        bool isFront = side == TraceSide.Frontend;
        await using SharedTrace shared = await OpenAsync(isFront ? rig.FrontendDomain : rig.BackendDomain);
        await rig.ServeAsync(
            store, new ServedDiskOptions { Trace = isFront ? null : shared.Session, QueuesMax = 1 });
        BlockDevice device =
            await rig.ConnectAsync(
                new BlockDeviceOptions { Trace = isFront ? shared.Session : null, QueuesMax = 1 });
        await using TraceFollower follower = await FollowAsync(tracer, DomainId.Zero, recorders: 1);
        await follower.WishAsync();
        await DeviceRig.UntilAsync(() => IsOn(shared));
        for (int i = 0; i < 20; i++) await device.ReadAsync(4096 * i, new byte[4096]);
        await DeviceRig.UntilAsync(() =>
        {
            follower.Collect();
            return follower.Join().Parts.Sum(part => part.Requests.Count) == 20;
        });
        FollowedTrace trace = follower.Join();
        Assert.Contains("alone", trace.ClockSentence, StringComparison.Ordinal);
        Assert.All(Assert.Single(trace.Parts).Requests, request =>
        {
            Assert.Equal(isFront ? TracedPart.Frontend : TracedPart.Backend, request.Part);
            Assert.Equal(request.LatencyNs, Enum.GetValues<RequestPhase>().Sum(request.PhaseNs));
        });
    }

    [Fact]
    public async Task A_tracer_that_is_gone_without_a_word_traces_no_longer()
    {
        await using EmulatedMachine machine = EmulatedMachine.Create();
        await using EmulatedDomain traced = machine.AddDomain(new DomainId(1));
        EmulatedDomain tracer = machine.AddDomain(_tracerId);
        await using SharedTrace shared = await SharedTrace.OpenAsync(
            traced, new SharedTraceOptions { Tracer = _tracerId, Lease = TimeSpan.FromSeconds(1) });
        shared.Session.Recorder("1/xvda frontend 0", TraceSide.Frontend, "1/xvda", 0);
        TraceFollower follower = await FollowAsync(tracer, backend: null, recorders: 1);
        await follower.WishAsync();
        await DeviceRig.UntilAsync(() => IsOn(shared));
        await tracer.DisposeAsync();
        await DeviceRig.UntilAsync(() => !IsOn(shared));

        // The wish that stands in XenStore still is nobody's: the next tracer's is another.
        await using EmulatedDomain next = machine.AddDomain(_tracerId);
        await using TraceFollower again = await FollowAsync(next, backend: null, recorders: 1);
        Assert.False(IsOn(shared));
        await again.WishAsync();
        await DeviceRig.UntilAsync(() => IsOn(shared));
    }

    [Fact]
    public async Task A_domain_that_may_not_trace_sees_nothing_and_switches_nothing()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        await using EmulatedDomain other = rig.Machine.AddDomain(new DomainId(9));
        await using SharedTrace shared = await OpenAsync(rig.FrontendDomain);
        shared.Session.Recorder("1/xvda frontend 0", TraceSide.Frontend, "1/xvda", 0);
        await using var follower = new TraceFollower(other, Subject(backend: null));
        await follower.LookAsync();
        Assert.Equal(0, follower.RecorderCount);
        Assert.Contains("lets another domain trace", Assert.Single(follower.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_process_published_goes_when_it_ends()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        SharedTrace shared = await OpenAsync(rig.FrontendDomain);
        shared.Session.Recorder("1/xvda frontend 0", TraceSide.Frontend, "1/xvda", 0);
        string root = "/local/domain/1/data/xenblk-trace";
        Assert.Single((await rig.BackendDomain.Store.ListAsync(root))!);
        await shared.DisposeAsync();
        Assert.Empty((await rig.BackendDomain.Store.ListAsync(root))!);
    }

    [Fact]
    public async Task What_a_dead_process_left_is_swept_by_the_next_and_what_a_living_one_has_is_not()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        await using SharedTrace living = await OpenAsync(rig.FrontendDomain);
        const string Root = "/local/domain/1/data/xenblk-trace";
        IXenStore store = rig.FrontendDomain.Store;
        string own = $"{Root}/{Assert.Single((await store.ListAsync(Root))!)}";
        string clock = (await store.ReadAsync($"{own}/clock"))!;
        string process = (await store.ReadAsync($"{own}/process"))!;
        await store.WriteAsync($"{Root}/dead/clock", clock);

        // Linux gives no process a number above 4,194,304.
        string dead = $"4194305 {process.Split(' ', 2)[1]}";
        await store.WriteAsync($"{Root}/dead/process", dead);
        await store.WriteAsync($"{Root}/elsewhere/clock", clock);
        await store.WriteAsync($"{Root}/elsewhere/process", "4194305 pid:[1]");
        await store.WriteAsync($"{Root}/earlier/clock", "0000");
        await using SharedTrace next = await OpenAsync(rig.FrontendDomain);
        IReadOnlyList<string> left = (await store.ListAsync(Root))!;
        Assert.Equal(3, left.Count);
        Assert.Contains("elsewhere", left);
        Assert.NotNull(await store.ReadAsync($"{own}/process"));
    }

    [Fact]
    public async Task A_machine_without_pages_to_grant_leaves_the_disk_as_it_is()
    {
        await using EmulatedMachine machine = EmulatedMachine.Create();
        await using EmulatedDomain traced = machine.AddDomain(
            new DomainId(1), new EmulatedDomainOptions { MemoryBytes = 65_536 });
        await using SharedTrace shared = await OpenAsync(traced);
        TraceRecorder first = shared.Session.Recorder("1/xvda frontend 0", TraceSide.Frontend, "1/xvda", 0);
        TraceRecorder second = shared.Session.Recorder("1/xvda frontend 1", TraceSide.Frontend, "1/xvda", 1);
        TraceRecorder third = shared.Session.Recorder("1/xvda frontend 2", TraceSide.Frontend, "1/xvda", 2);
        foreach (TraceRecorder recorder in (TraceRecorder[])[first, second, third])
            recorder.Write(1, TraceEventKind.TurnBegan, 0, 0, 0, 0);
        Assert.Contains("no pages left", shared.Problem, StringComparison.Ordinal);
    }

    private static bool IsOn(SharedTrace trace) => trace.Session.Level == TraceLevel.Phases;

    private static Task<SharedTrace> OpenAsync(IHypervisor domain) =>
        SharedTrace.OpenAsync(domain, new SharedTraceOptions { Tracer = _tracerId, PagesPerRecorder = 16 });

    private static TraceSubject Subject(DomainId? backend) =>
        new() { Frontend = new DomainId(1), Backend = backend, Vbd = DeviceRig.Vbd };

    // What is published in the background is there after a moment.
    private static async Task<TraceFollower> FollowAsync(IHypervisor tracer, DomainId? backend, int recorders)
    {
        var follower = new TraceFollower(tracer, Subject(backend));
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (follower.RecorderCount < recorders)
        {
            await follower.LookAsync(deadline.Token);
            await Task.Delay(5, deadline.Token);
        }

        return follower;
    }
}
