using CsCheck;
using XenBlock.SharedMemory;
using Xunit;

namespace XenBlock.Tests.Oracle;

/// <summary>Our rings beside the macros of xen/io/ring.h, on random scripts, half of them close to 2^32.</summary>
public sealed class RingOracleTests : IClassFixture<XenRingLibrary>
{
    private const int Scripts = 20_000;

    private static readonly Gen<uint> _start = Gen.Frequency(
        (4, Gen.UInt[uint.MaxValue - 63, uint.MaxValue]),
        (1, Gen.UInt[0x80000000 - 64, 0x80000000 + 64]),
        (2, Gen.Const(0u)),
        (1, Gen.UInt));

    private static readonly Gen<(uint Start, byte[] Operations)> _script =
        Gen.Select(_start, Gen.Byte.Array[10, 390]);

    private readonly XenRingLibrary _library;

    public RingOracleTests(XenRingLibrary library)
    {
        CCompiler.RequireOrSkip();
        _library = library;
    }

    [Fact]
    public void Our_rings_agree_with_the_macros_of_Xen() => AssertAgrees(
        (pages, lengthBytes, start) => new OurRing(pages, lengthBytes, start), pageCount: 1, Scripts);

    [Theory]
    [InlineData(2)]
    [InlineData(16)]
    public void Rings_of_several_pages_agree_too(int pageCount) => AssertAgrees(
        (pages, lengthBytes, start) => new OurRing(pages, lengthBytes, start), pageCount, Scripts / 20);

    [Fact]
    public void A_ring_without_a_planted_mistake_agrees() => AssertAgrees(
        (pages, lengthBytes, start) => new MutantRing(pages, lengthBytes, start, Mutation.None),
        pageCount: 1,
        Scripts / 4);

    [Theory]
    [InlineData(Mutation.EventAtConsumer)]
    [InlineData(Mutation.NotifyOnEqual)]
    [InlineData(Mutation.WideIndices)]
    [InlineData(Mutation.EventNotWritten)]
    [InlineData(Mutation.OverflowTooEarly)]
    [InlineData(Mutation.ResponseStride)]
    public void A_planted_mistake_is_found(Mutation mutation)
    {
        using var script = new RingScript(pageCount: 1);
        string? found = null;
        for (uint seed = 0; seed < 200 && found is null; seed++)
        {
            (uint start, byte[] operations) = _script.Generate(new PCG(seed), null, out _);
            found = Difference(
                script, (pages, bytes, from) => new MutantRing(pages, bytes, from, mutation), start, operations);
        }

        Assert.NotNull(found);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(32)]
    public void A_ring_of_so_many_pages_has_as_many_slots_as_Xens(int pageCount)
    {
        using var script = new RingScript(pageCount);
        using var xen = new XenRing(_library, script.First, script.LengthBytes, 0);
        Assert.Equal(xen.SlotCount, RingLayout.For(112, pageCount).SlotCount);
    }

    private void AssertAgrees(Func<nint, int, uint, IRing> make, int pageCount, int scripts)
    {
        long operations = 0;
        using var script = new RingScript(pageCount);
        _script.Sample(
            sample =>
            {
                operations += sample.Operations.Length;
                string? difference = Difference(script, make, sample.Start, sample.Operations);
                Assert.True(difference is null, difference);
            },
            iter: scripts,
            threads: 1);
        Assert.True(operations > scripts * 100L, $"only {operations} operations");
    }

    private string? Difference(
        RingScript script, Func<nint, int, uint, IRing> make, uint start, byte[] operations)
    {
        script.Clear();
        using var xen = new XenRing(_library, script.First, script.LengthBytes, start);
        IRing ring = make(script.Second, script.LengthBytes, start);
        return script.Play(xen, ring, operations, start);
    }
}
