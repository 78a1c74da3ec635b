using Xunit;
using XenBlock.Backend;
using XenBlock.Emulator;
using XenBlock.Frontend;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Storage;
using XenBlock.XenStore;

namespace XenBlock.Tests.Readme;

/// <summary>The snippets of README.md, run. A House test compares the lines.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public async Task The_snippet_of_both_ends_runs()
    {
        await using EmulatedMachine machine = EmulatedMachine.Create();
        await using IHypervisor dom0 = machine.AddDomain(new DomainId(0));
        await using IHypervisor guest = machine.AddDomain(new DomainId(1));
        VbdNumber xvda = VbdName.Parse("xvda");

        // The toolstack's part: the disk's nodes in XenStore.
        await VbdNodes.CreateAsync(dom0.Store, new VbdSpecification { Frontend = guest.DomainId, Vbd = xvda });

        // The backend: anything that is an IBlockStore.
        using var store = new MemoryBlockStore(64 << 20);
        await using BlockBackend backend = BlockBackend.Create(dom0);
        await using ServedDisk served = await backend.ServeAsync(guest.DomainId, xvda, store);

        // The frontend: a disk in .NET.
        await using BlockDevice disk = await BlockDevice.ConnectAsync(guest, "xvda");
        byte[] data = new byte[1 << 20];
        Random.Shared.NextBytes(data);
        await disk.WriteAsync(offsetBytes: 4096, data);
        await disk.FlushAsync();

        // Without a copy: memory that the backend reaches itself.
        using GrantedBuffer buffer = disk.RentBuffer(data.Length);
        await disk.ReadAsync(offsetBytes: 4096, buffer, bufferOffsetBytes: 0, data.Length);
        bool same = buffer.Span.SequenceEqual(data);

        Assert.True(same);
        Assert.Equal(64 << 20, disk.SizeBytes);
    }

    [Fact]
    public async Task The_snippet_of_a_store_of_ones_own_runs()
    {
        await using EmulatedMachine machine = EmulatedMachine.Create();
        await using IHypervisor dom0 = machine.AddDomain(new DomainId(0));
        await using IHypervisor guest = machine.AddDomain(new DomainId(1));
        VbdNumber xvda = VbdName.Parse("xvda");
        await VbdNodes.CreateAsync(dom0.Store, new VbdSpecification { Frontend = guest.DomainId, Vbd = xvda });
        using var store = new ZeroStore();
        await using BlockBackend backend = BlockBackend.Create(dom0);
        await using ServedDisk served = await backend.ServeAsync(guest.DomainId, xvda, store);
        await using BlockDevice disk = await BlockDevice.ConnectAsync(guest, "xvda");

        byte[] data = new byte[64 << 10];
        Array.Fill(data, (byte)1);
        await disk.ReadAsync(0, data);

        Assert.True(disk.IsReadOnly);
        Assert.All(data, value => Assert.Equal(0, value));
    }
}
