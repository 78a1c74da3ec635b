using CsCheck;
using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Emulator;

/// <summary>Random scripts of offers, maps, copies and revokes against a model with plain counters (S5).</summary>
public sealed class GrantModelTests
{
    private const int PageCount = 4;
    private const int MaptrackMax = 12;

    private static readonly Gen<(int Kind, int First, int Second, bool Write)[]> s_scripts =
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 63], Gen.Int[0, 63], Gen.Bool).Array[1, 120];

    [Fact]
    public Task Grants_with_real_mappings_behave_as_the_model() => RunAsync(GrantMappingMode.Mmap, 150);

    [Fact]
    public Task Grants_by_pointer_behave_as_the_model() => RunAsync(GrantMappingMode.Table, 300);

    private static async Task RunAsync(GrantMappingMode mapping, int scripts)
    {
        await using EmulatedMachine machine = EmulatedMachine.Create(new()
        {
            Mapping = mapping,
            GrantEntriesMax = 24,
            MaptrackEntriesMax = MaptrackMax,
        });
        await using EmulatedDomain back = machine.AddDomain(DomainId.Zero, new() { MemoryBytes = 1 << 16 });
        await using EmulatedDomain front = machine.AddDomain(new(1), new() { MemoryBytes = 1 << 16 });
        s_scripts.Sample(script => new Run(front, back).Play(script), iter: scripts, threads: 1);
    }

    private sealed class Offered(GrantReference reference, int page, GrantAccess access)
    {
        public GrantReference Reference { get; } = reference;

        public int Page { get; } = page;

        public GrantAccess Access { get; } = access;

        public int Uses { get; set; }
    }

    private sealed class Run(EmulatedDomain front, EmulatedDomain back)
    {
        private readonly GrantablePages _pages = front.Grants.AllocatePages(back.DomainId, PageCount);
        private readonly GrantablePages _local = back.Grants.AllocatePages(front.DomainId, 1);
        private readonly List<Offered> _offered = [];
        private readonly List<(GrantMapping Mapping, Offered[] Of)> _mapped = [];

        internal void Play((int Kind, int First, int Second, bool Write)[] script)
        {
            for (uint page = 0; page < PageCount; page++)
                _pages.Pages.CopyIn((int)page * 4096, page + 1);
            foreach ((int kind, int first, int second, bool write) in script)
            {
                GrantAccess access = write ? GrantAccess.ReadWrite : GrantAccess.ReadOnly;
                switch (kind)
                {
                    case 0:
                        Offer(first % PageCount, access);
                        break;
                    case 1 when _offered.Count != 0:
                        Map(_offered[first % _offered.Count], _offered[second % _offered.Count], access);
                        break;
                    case 2 when _mapped.Count != 0:
                        Unmap(first % _mapped.Count);
                        break;
                    case 3 when _offered.Count != 0:
                        Revoke(_offered[first % _offered.Count]);
                        break;
                    case 4 when _offered.Count != 0:
                        Copy(_offered[first % _offered.Count], write);
                        break;
                }
            }

            while (_mapped.Count != 0)
                Unmap(0);
            while (_offered.Count != 0)
                Revoke(_offered[0]);
            _pages.Dispose();
            _local.Dispose();
            Assert.Equal((16, 0), front.PageCounts);
        }

        private void Offer(int page, GrantAccess access)
        {
            var references = new GrantReference[1];
            GrantStatus status = front.Grants.Offer(_pages, page, access, references);
            Assert.Equal(_offered.Count < 16 ? GrantStatus.Okay : GrantStatus.NoSpace, status);
            if (status != GrantStatus.Okay)
                return;
            Assert.DoesNotContain(_offered, other => other.Reference == references[0]);
            _offered.Add(new(references[0], page, access));
        }

        private void Map(Offered one, Offered two, GrantAccess access)
        {
            var statuses = new GrantStatus[2];
            GrantStatus status = back.Mapper.Map(
                front.DomainId, [one.Reference, two.Reference], access, statuses, out GrantMapping mapping);
            int inUse = _mapped.Count * 2;
            if (inUse + 2 > MaptrackMax)
            {
                Assert.Equal(GrantStatus.NoDeviceSpace, status);
                return;
            }

            GrantStatus[] expected = [Verdict(one, access), Verdict(two, access)];
            Assert.Equal(expected, statuses);
            if (status != GrantStatus.Okay)
                return;
            Assert.Equal((uint)one.Page + 1, mapping.Pages.CopyOut<uint>(0));
            Assert.Equal((uint)two.Page + 1, mapping.Pages.CopyOut<uint>(4096));
            one.Uses++;
            two.Uses++;
            _mapped.Add((mapping, [one, two]));
        }

        private void Unmap(int index)
        {
            (GrantMapping mapping, Offered[] of) = _mapped[index];
            back.Mapper.Unmap([mapping]);
            foreach (Offered one in of)
                one.Uses--;
            _mapped.RemoveAt(index);
        }

        private void Revoke(Offered one)
        {
            var revoked = new bool[1];
            Assert.Equal(one.Uses == 0 ? 1 : 0, front.Grants.Revoke([one.Reference], revoked));
            if (revoked[0])
                _ = _offered.Remove(one);
        }

        private void Copy(Offered one, bool write)
        {
            GrantCopySegment[] segments =
            [
                new() { Reference = one.Reference, OffsetBytes = 64, Local = _local.Pages.Payload(0, 64) },
            ];
            GrantCopyDirection direction = write ? GrantCopyDirection.ToGranted : GrantCopyDirection.FromGranted;
            _ = back.Mapper.Copy(front.DomainId, direction, segments);
            Assert.Equal(Verdict(one, write ? GrantAccess.ReadWrite : GrantAccess.ReadOnly), segments[0].Status);
        }

        private static GrantStatus Verdict(Offered one, GrantAccess access) =>
            access == GrantAccess.ReadWrite && one.Access == GrantAccess.ReadOnly
                ? GrantStatus.PermissionDenied
                : GrantStatus.Okay;
    }
}
