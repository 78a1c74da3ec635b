using System.Diagnostics;
using XenBlock.Backend;
using XenBlock.Frontend;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Soak;
using XenBlock.Storage;
using XenBlock.Tests.Frontend;
using Xunit;

namespace XenBlock.Tests.Soak;

/// <summary>
/// Many connects and many flips of a frontend's state, and then the machine's books: what was left behind. In the
/// ordinary run a few; XENBLOCK_LEAK_CONNECTS=10000 XENBLOCK_LEAK_FLIPS=100000 ./x test Leak is the long form.
/// </summary>
public sealed class LeakTests(ITestOutputHelper output)
{
    private const int WarmUp = 30;
    private const long ManagedBytesMore = 4 << 20;

    [Fact]
    public async Task Connects_of_real_ends_leak_nothing()
    {
        int connects = Number("XENBLOCK_LEAK_CONNECTS", 150);
        await using DeviceRig rig = await DeviceRig.CreateAsync(new());
        using var store = new MemoryBlockStore(1 << 20);
        ServedDisk disk = await rig.ServeAsync(store, new ServedDiskOptions { Access = PayloadAccess.Persistent });
        long started = Stopwatch.GetTimestamp();
        MachineBooks? before = null;
        IReadOnlyList<string> pathsBefore = [];
        long bytesBefore = 0;
        for (int i = 0; i < WarmUp + connects; i++)
        {
            if (i == WarmUp)
            {
                pathsBefore = await PathsAsync(rig);
                (before, bytesBefore) = (await BooksAsync(rig), GC.GetTotalMemory(true));
            }

            // The last before the books are read is one of the same kind: how many keys it leaves depends on that.
            await ConnectOnceAsync(rig, i is WarmUp - 1 || i == WarmUp + connects - 1 ? 0 : i);
        }

        // The backend lets go of a frontend that has closed a moment after that has gone on.
        await DeviceRig.UntilAsync(() => disk.Statistics.Connects == disk.Statistics.Disconnects);
        MachineBooks after = await BooksAsync(rig);
        long bytes = GC.GetTotalMemory(true);
        output.WriteLine(
            $"{connects} connects in {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s: {after}, "
            + $"managed memory {bytesBefore >> 10} KiB before, {bytes >> 10} KiB after");
        Assert.Equal(WarmUp + connects, disk.Statistics.Connects);
        Assert.Equal(pathsBefore, await PathsAsync(rig));
        AssertSame(before!, after);
        Assert.InRange(bytes, 0, bytesBefore + ManagedBytesMore);
    }

    [Fact]
    public async Task S8_random_state_flips_leave_nothing_in_the_machines_books()
    {
        int flips = Number("XENBLOCK_LEAK_FLIPS", 2_000);
        await using DeviceRig rig = await DeviceRig.CreateAsync(new());
        using var store = new MemoryBlockStore(1 << 20);
        ServedDisk disk = await rig.ServeAsync(
            store, new ServedDiskOptions { CloseTimeout = TimeSpan.FromMilliseconds(50) });
        var vbd = new ScriptedVbd(rig.FrontendDomain, DomainId.Zero, DeviceRig.Vbd);
        await ConnectOnceAsync(rig, 0);
        using var front = new ScriptedFrontend(rig.FrontendDomain, DomainId.Zero);
        await FlipAsync(rig, vbd, front, disk, new Random(1), 200);
        MachineBooks before = await BooksAsync(rig);
        IReadOnlyList<string> pathsBefore = await PathsAsync(rig);
        long bytesBefore = GC.GetTotalMemory(true);
        long started = Stopwatch.GetTimestamp();
        long connectsBefore = disk.Statistics.Connects;
        await FlipAsync(rig, vbd, front, disk, new Random(2), flips);
        MachineBooks after = await BooksAsync(rig);
        long bytes = GC.GetTotalMemory(true);
        output.WriteLine(
            $"{flips} flips in {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s, with "
            + $"{disk.Statistics.Connects - connectsBefore} connects and {disk.Statistics.ConnectFailures} refused: "
            + $"{after}, managed memory {bytesBefore >> 10} KiB before, {bytes >> 10} KiB after");
        Assert.True(disk.Statistics.Connects > connectsBefore, "no flip connected");
        Assert.Equal(pathsBefore, await PathsAsync(rig));
        AssertSame(before, after);
        Assert.InRange(bytes, 0, bytesBefore + ManagedBytesMore);
        Assert.Equal(0, front.RevokeAll());
    }

    // The control: each kind of thing, left behind once, is seen.
    [Fact]
    public async Task The_books_see_what_is_left_behind()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync(new());
        MachineBooks before = await BooksAsync(rig);
        using GrantablePages pages = rig.FrontendDomain.Grants.AllocatePages(DomainId.Zero, 1);
        var references = new GrantReference[1];
        rig.FrontendDomain.Grants.Offer(pages, 0, GrantAccess.ReadWrite, references);
        MachineBooks granted = await BooksAsync(rig);
        Assert.Equal(before with { Grants = before.Grants + 1 }, granted with { Descriptors = before.Descriptors });
        var statuses = new GrantStatus[1];
        rig.BackendDomain.Mapper.Map(
            rig.FrontendDomain.DomainId, references, GrantAccess.ReadWrite, statuses, out GrantMapping mapped);
        Assert.Equal(before.Pages + 1, (await BooksAsync(rig)).Pages);
        rig.BackendDomain.Mapper.Unmap([mapped]);
        using IEventChannel channel = rig.FrontendDomain.EventChannels.AllocateUnbound(DomainId.Zero);
        using FileStream file = File.OpenRead("/proc/self/stat");
        await rig.FrontendDomain.Store.WriteAsync("data/left", "1");
        MachineBooks after = await BooksAsync(rig);
        Assert.Equal(
            (before.Ports + 1, before.Nodes + 1, before.Pages), (after.Ports, after.Nodes, after.Pages));
        Assert.True(after.Descriptors > before.Descriptors);
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => AssertSame(before, after));
    }

    private static async Task ConnectOnceAsync(DeviceRig rig, int number)
    {
        await using BlockDevice device = await BlockDevice.ConnectAsync(rig.FrontendDomain, "xvda", new()
        {
            QueuesMax = 1 + (number % 2),
            RingPageOrder = number % 3,
            Persistent = number % 4 != 0,
        });
        byte[] data = new byte[4096];
        data.AsSpan().Fill((byte)(1 + (number % 200)));
        await device.WriteAsync(4096 * (number % 100), data);
        byte[] read = new byte[4096];
        await device.ReadAsync(4096 * (number % 100), read);
        Assert.Equal(data, read);
    }

    private static async Task FlipAsync(
        DeviceRig rig, ScriptedVbd vbd, ScriptedFrontend front, ServedDisk disk, Random random, int flips)
    {
        await vbd.PublishAsync(XenbusState.Initialising, front.Keys());
        string state = $"{vbd.Path}/{VbdKeys.State}";
        for (int i = 0; i < flips; i++)
        {
            // Now and then wait until the backend has seen it: else it sees few of them.
            await rig.FrontendDomain.Store.WriteAsync(state, $"{random.Next(0, 10)}");
            if (random.Next(4) == 0) await Task.Delay(1);
        }

        await vbd.PublishAsync(XenbusState.Closing);
        await vbd.WaitForBackendAsync(XenbusState.Closing, XenbusState.Closed);
        await vbd.PublishAsync(XenbusState.Closed);

        // Or InitWait, if it was on its way there when the frontend closed: it is ready for the next, then.
        await vbd.WaitForBackendAsync(XenbusState.Closed, XenbusState.InitWait);

        // And an ordinary connect, which shows that it still serves; which keys it leaves does not depend on chance.
        await ConnectOnceAsync(rig, 0);
        await DeviceRig.UntilAsync(() => disk.Statistics.Connects == disk.Statistics.Disconnects);
    }

    private static Task<MachineBooks> BooksAsync(DeviceRig rig) => MachineBooks.ReadAsync(
        rig.Machine, rig.BackendDomain.Store, DomainId.Zero, rig.FrontendDomain.DomainId);

    // But for one key of a disk, which says how its pages are reached and comes with time, not with connects.
    private static async Task<IReadOnlyList<string>> PathsAsync(DeviceRig rig)
    {
        IReadOnlyList<string> paths = await MachineBooks.PathsAsync(rig.BackendDomain.Store);
        return [.. paths.Where(path => !path.EndsWith(VbdKeys.AccessReasons, StringComparison.Ordinal))];
    }

    // Nodes are compared by their paths. The runtime may open and close files of its own meanwhile.
    private static void AssertSame(MachineBooks before, MachineBooks after)
    {
        Assert.Equal(before with { Descriptors = 0, Nodes = 0 }, after with { Descriptors = 0, Nodes = 0 });
        Assert.InRange(after.Descriptors, 0, before.Descriptors + 8);
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), out int number) ? number : otherwise;
}
