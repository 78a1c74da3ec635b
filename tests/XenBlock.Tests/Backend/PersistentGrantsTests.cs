using CsCheck;
using XenBlock.Backend;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Backend;

public sealed class PersistentGrantsTests
{
    [Fact]
    public async Task A_page_is_mapped_once_and_stays_until_disconnect()
    {
        await using var harness = new PumpHarness(new PumpHarnessOptions { Access = PayloadAccess.Persistent });
        for (ulong id = 0; id < 10; id++)
        {
            harness.Ask(harness.Frontend.Direct(BlkifOperation.Write, id, 0, 0, 11));
            harness.Ask(harness.Frontend.Indirect(BlkifOperation.Read, id, 0, 60, 0, 20));
        }

        Assert.Equal((3, 11 + 1 + 9), (harness.Counters.MapCalls, harness.Counters.PagesMapped));
        Assert.Equal(0, harness.Counters.UnmapCalls);
        Assert.Equal(21, harness.Counters.PersistentPages);
        Assert.Equal((10 * (11 + 21)) - 21, harness.Counters.PersistentHits);
        Assert.NotEqual(0, harness.Frontend.RevokeData());
        harness.Pump.Dispose();
        Assert.Equal((1, 0), (harness.Counters.UnmapCalls, harness.Mapper.PagesOutstanding));
        Assert.Equal(0, harness.Counters.PersistentPages);
    }

    [Fact]
    public async Task The_least_recently_used_pages_make_room()
    {
        await using var harness = new PumpHarness(new PumpHarnessOptions
        {
            Access = PayloadAccess.Persistent,
            PersistentPagesMax = 12,
        });
        void Read(int firstPage) => harness.Ask(harness.Frontend.Direct(BlkifOperation.Read, 1, 0, firstPage, 4));
        Read(0);
        Read(10);
        Read(20);
        Read(0);
        Assert.Equal(3, harness.Counters.MapCalls);
        Read(30); // 10 to 13 are the oldest
        Assert.Equal((4, 4), (harness.Counters.MapCalls, harness.Counters.PersistentEvictions));
        Read(0);
        Read(20);
        Assert.Equal(4, harness.Counters.MapCalls);
        Read(10);
        Assert.Equal((5, 12), (harness.Counters.MapCalls, harness.Mapper.PagesOutstanding));
    }

    [Fact]
    public async Task A_request_larger_than_the_cap_is_mapped_for_itself_alone()
    {
        await using var harness = new PumpHarness(new PumpHarnessOptions
        {
            Access = PayloadAccess.Persistent,
            PersistentPagesMax = 3,
        });
        for (ulong id = 0; id < 3; id++)
        {
            Assert.Equal(
                BlkifStatus.Okay, harness.Ask(harness.Frontend.Direct(BlkifOperation.Write, id, 0, 0, 8)).Status);
            Assert.Equal(0, harness.Mapper.PagesOutstanding);
        }

        Assert.Equal((3, 3), (harness.Counters.MapCalls, harness.Counters.UnmapCalls));
    }

    [Fact]
    public async Task Pages_of_requests_under_way_are_not_evicted()
    {
        using var gate = new GatedBlockStore(new MemoryBlockStore(1 << 20));
        await using var harness = new PumpHarness(new PumpHarnessOptions
        {
            Access = PayloadAccess.Persistent,
            PersistentPagesMax = 8,
            Store = gate,
        });
        for (int i = 0; i < 6; i++)
            harness.Frontend.Put(harness.Frontend.Direct(BlkifOperation.Read, (ulong)i, 0, i * 4, 4));
        harness.Frontend.Publish();
        harness.Run();
        Assert.Equal(24, harness.Mapper.PagesOutstanding); // 8 kept, 16 for the requests alone
        Assert.Equal(0, harness.Counters.PersistentEvictions);
        gate.CompleteAll();
        harness.Run();
        Assert.Equal(8, harness.Mapper.PagesOutstanding);
        Assert.Equal(6, harness.Counters.Responses);
    }

    [Fact]
    public void The_table_agrees_with_a_dictionary_whatever_is_done()
    {
        Gen<(int First, int Count, bool IsWrite)> request = Gen.Select(Gen.Int[8, 60], Gen.Int[1, 6], Gen.Bool);
        request.Array[1, 80].Sample(requests =>
        {
            var table = new PersistentGrants(16);
            var evicted = new GrantMapping[16];
            var mapped = new Dictionary<nint, GrantMapping>();
            var where = new Dictionary<uint, nint>();
            nint nextAddress = 0x10000;
            long serial = 0;
            int next = -1; // never begun anew, so that it also points at pages that were dropped and kept again
            foreach ((int first, int count, bool isWrite) in requests)
            {
                serial++;
                var missing = new List<GrantReference>();
                for (int i = 0; i < count; i++)
                {
                    var reference = new GrantReference((uint)(first + i));
                    nint found = table.Find(reference, mustBeWritable: false, serial, ref next);
                    if (found != where.GetValueOrDefault(reference.Value)) return false;
                    if (found == 0) missing.Add(reference);
                }

                if (missing.Count == 0) continue;
                int dropped = table.Evict(missing.Count, serial, evicted);
                for (int i = 0; i < dropped; i++)
                {
                    if (!mapped.Remove(evicted[i].Address)) return false;
                    (nint start, nint end) = (evicted[i].Address, evicted[i].Address + (evicted[i].PageCount * 4096));
                    uint[] gone = [.. where.Where(e => e.Value >= start && e.Value < end).Select(e => e.Key)];
                    foreach (uint reference in gone) where.Remove(reference);
                }

                var mapping = new GrantMapping(nextAddress, missing.Count, 1);
                nextAddress += missing.Count * 4096;
                if (!table.TryAdd(mapping, [.. missing], isWrite, serial)) continue;
                mapped.Add(mapping.Address, mapping);
                for (int i = 0; i < missing.Count; i++) where[missing[i].Value] = mapping.Address + (i * 4096);
                if (table.PageCount != mapped.Values.Sum(m => m.PageCount) || table.PageCount > 16) return false;
            }

            return table.TakeAll(evicted) == mapped.Count && table.PageCount == 0;
        }, iter: 2000);
    }
}
