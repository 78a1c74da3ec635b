using System.Globalization;
using XenBlock.Backend;
using XenBlock.Emulator;
using XenBlock.Frontend;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Storage;
using XenBlock.TestKit.Tampered;
using XenBlock.Tests.Backend;
using XenBlock.Tests.Frontend;
using Xunit;

namespace XenBlock.Tests.Enemy;

/// <summary>Requirements of docs/threat-model.md on events, XenStore and the end of a connection.</summary>
public sealed class LifeRequirementTests
{
    [Fact]
    public async Task S6_a_backend_looks_once_a_pause_at_a_frontend_that_sends_events_for_nothing()
    {
        await using var harness = new DiskHarness();
        TamperedChannel? channel = null;
        var machine = new TamperedHypervisor(harness.Back) { Channel = inner => channel = new TamperedChannel(inner) };
        await using BlockBackend backend = BlockBackend.Create(machine, Impatient);
        await harness.CreateNodesAsync(harness.Front.DomainId, DiskHarness.Xvda);
        await using ServedDisk disk =
            await backend.ServeAsync(harness.Front.DomainId, DiskHarness.Xvda, harness.Store);
        using ScriptedFrontend front = harness.NewFrontend();
        await harness.Vbd.ConnectAsync(front);
        channel!.IsStorm = true;
        front.Channel.Notify(); // it may be asleep already
        for (ulong id = 0; id < 20; id++)
        {
            int masks = channel.Masks;
            await DiskHarness.UntilAsync(() => channel.Masks > masks + 5, "events are held back");
            Assert.Equal(id, front.Ask(front.Direct(BlkifOperation.Read, id, 0, 0, 1)).Id);
        }

        // Each request may let it look freely again for a while, and no longer.
        Assert.InRange(channel.Waits, 1, channel.Masks + (21 * 2 * 64));
    }

    [Fact]
    public async Task S7_a_watched_key_that_is_rewritten_in_a_storm_connects_once()
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync();
        using ScriptedFrontend front = harness.NewFrontend();
        await harness.Vbd.ConnectAsync(front);
        string state = $"{harness.Vbd.Path}/{VbdKeys.State}";
        for (int i = 0; i < 5_000; i++) await harness.Front.Store.WriteAsync(state, "4");
        Assert.Equal(BlkifStatus.Okay, front.Ask(front.Direct(BlkifOperation.Read, 1, 0, 0, 1)).Status);
        Assert.Equal((1, 0), (disk.Statistics.Connects, disk.Statistics.Disconnects));
    }

    [Theory]
    [InlineData("mode", "w")]
    [InlineData("read-only", "0")]
    [InlineData("info", "0")]
    [InlineData("sectors", "99999999")]
    [InlineData("sector-size", "4096")]
    [InlineData("params", "/etc/shadow")]
    [InlineData("physical-device-path", "/dev/null")]
    [InlineData("discard-enable", "1")]
    public async Task S18_what_a_guest_says_about_the_disk_is_not_heard(string key, string value)
    {
        await using var harness = new DiskHarness();
        await harness.CreateNodesAsync(harness.Front.DomainId, DiskHarness.Xvda, isReadOnly: true);
        await harness.Front.Store.WriteAsync($"{harness.Vbd.Path}/{key}", value); // before anybody looks
        await using ServedDisk disk =
            await harness.Backend.ServeAsync(harness.Front.DomainId, DiskHarness.Xvda, harness.Store);
        using ScriptedFrontend front = harness.NewFrontend();
        await harness.Vbd.ConnectAsync(front);
        Assert.Equal(BlkifStatus.Error, front.Ask(front.Direct(BlkifOperation.Write, 1, 0, 0, 1)).Status);
        Assert.Equal(BlkifStatus.Error, front.Ask(front.Direct(BlkifOperation.Read, 2, 2048, 0, 1)).Status);
        Assert.Equal(BlkifStatus.Okay, front.Ask(front.Direct(BlkifOperation.Read, 3, 2040, 0, 1)).Status);
        await Assert.ThrowsAsync<XenBlockException>(
            () => harness.Front.Store.WriteAsync($"{harness.Vbd.BackendPath}/{key}", value));
    }

    [Theory]
    [InlineData("ring-ref", "")]
    [InlineData("ring-ref", "-1")]
    [InlineData("ring-ref", "4294967296")]
    [InlineData("ring-ref", "99999999999999999999999999999999999")]
    [InlineData("ring-ref", "0x10")]
    [InlineData("event-channel", "4294967295")]
    [InlineData("event-channel", "1e3")]
    [InlineData("ring-page-order", "31")]
    [InlineData("ring-page-order", "64")]
    [InlineData("protocol", "x86_64-abi x86_64-abi")]
    public async Task S18_a_number_of_a_guest_is_read_within_its_range_or_not_at_all(string key, string value)
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync();
        foreach (string text in new[] { value, value.PadRight(2048, '7') })
        {
            using ScriptedFrontend front = harness.NewFrontend();
            await harness.Vbd.PublishAsync(XenbusState.Initialising);
            await harness.Vbd.WaitForBackendAsync(XenbusState.InitWait);
            Dictionary<string, string> keys = front.Keys();
            keys[key] = text;
            await harness.Vbd.PublishAsync(XenbusState.Initialised, keys);
            await harness.Vbd.WaitForBackendAsync(XenbusState.Closing);
            Assert.InRange(disk.LastError!.Length, 10, 300);
            Assert.Equal(0, harness.PagesMapped);
            await harness.Vbd.PublishAsync(XenbusState.Closed);
            await harness.Vbd.WaitForBackendAsync(XenbusState.Closed);
            await harness.Front.Store.RemoveAsync($"{harness.Vbd.Path}/{key}");
        }
    }

    // Linux: "xen-blkfront: unbind irq before tearing down ring".
    [Fact]
    public async Task S20_a_backends_thread_ends_before_the_ring_is_unmapped_and_that_before_the_channel_closes()
    {
        await using var harness = new DiskHarness();
        List<string> steps = [];
        TamperedChannel? channel = null;
        var mapper = new TamperedMapper(harness.Back.Mapper)
        {
            Unmapping = mappings => steps.AddRange(
                mappings.Select(m => $"unmap {m.PageCount} with {channel!.Waiters} waiting")),
        };
        var machine = new TamperedHypervisor(harness.Back)
        {
            Mapper = mapper,
            Channel = inner => channel = new TamperedChannel(inner)
            {
                Closing = () => steps.Add($"close with {channel!.Waiters} waiting"),
            },
        };
        await using BlockBackend backend = BlockBackend.Create(machine, Impatient);
        await harness.CreateNodesAsync(harness.Front.DomainId, DiskHarness.Xvda);
        await backend.ServeAsync(
            harness.Front.DomainId,
            DiskHarness.Xvda,
            harness.Store,
            new ServedDiskOptions { Access = PayloadAccess.Persistent });
        using ScriptedFrontend front = harness.NewFrontend(
            new ScriptedFrontendOptions { Persistent = true, RingPageCount = 4 });
        await harness.Vbd.ConnectAsync(front);
        front.Ask(front.Direct(BlkifOperation.Read, 1, 0, 0, 3));
        await harness.Vbd.CloseAsync();

        // The channel last: to unmap the ring may send the frontend an event through it (gntdev's unmap notification).
        Assert.Equal(["unmap 3 with 0 waiting", "unmap 4 with 0 waiting", "close with 0 waiting"], steps);
    }

    [Fact]
    public async Task S20_a_frontends_thread_is_not_in_the_channel_when_it_closes()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(1 << 20);
        await rig.ServeAsync(store);
        int atClose = -1;
        TamperedChannel? channel = null;
        var machine = new TamperedHypervisor(rig.FrontendDomain)
        {
            Channel = inner => channel = new TamperedChannel(inner) { Closing = () => atClose = channel!.Waiters },
        };
        await using (BlockDevice device = await BlockDevice.ConnectAsync(machine, "xvda"))
            await device.ReadAsync(0, new byte[4096]);
        Assert.Equal(0, atClose);
    }

    // A private mapping would keep our writes from the guest, and could become writable by copying (gntdev, 2026).
    [Fact]
    public async Task S21_granted_pages_are_mapped_shared_and_only_as_writable_as_granted()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync(new EmulatedMachineOptions());
        using GrantablePages pages = rig.FrontendDomain.Grants.AllocatePages(DomainId.Zero, 2);
        var references = new GrantReference[2];
        rig.FrontendDomain.Grants.Offer(pages, 0, GrantAccess.ReadWrite, references);
        foreach ((GrantAccess access, string rights) in new[]
        {
            (GrantAccess.ReadWrite, "rw-s"), (GrantAccess.ReadOnly, "r--s"),
        })
        {
            GrantStatus status = rig.BackendDomain.Mapper.Map(
                rig.FrontendDomain.DomainId, references, access, new GrantStatus[2], out GrantMapping mapping);
            Assert.Equal(GrantStatus.Okay, status);
            Assert.Equal(rights, RightsAt(mapping.Address));
            rig.BackendDomain.Mapper.Unmap([mapping]);
        }
    }

    private static BlockBackendOptions Impatient => new()
    {
        Disk = new ServedDiskOptions { CloseTimeout = TimeSpan.FromMilliseconds(50) },
    };

    private static string? RightsAt(nint address)
    {
        foreach (string line in File.ReadLines("/proc/self/maps"))
        {
            string[] words = line.Split(' ', '-');
            nint start = nint.Parse(words[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            nint end = nint.Parse(words[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (start <= address && address < end) return line.Split(' ')[1];
        }

        return null;
    }
}
