using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Protocol;

/// <summary>Layouts as the reference gives them; XenBlock.Tests.Oracle asks the C compiler as well.</summary>
public sealed class WireLayoutTests
{
    public static TheoryData<Type> WireStructs() => [.. Wire()];

    [Theory]
    [MemberData(nameof(WireStructs))]
    public void A_wire_struct_is_as_large_as_it_says_and_its_fields_do_not_overlap(Type type)
    {
        Assert.Equal(SizeBytes(type), SizeOf(type));
        int end = 0;
        foreach (FieldInfo field in Fields(type))
        {
            int offset = field.GetCustomAttribute<FieldOffsetAttribute>()!.Value;
            Assert.True(offset >= end, $"{type.Name}.{field.Name} starts at {offset}, before {end}");
            end = offset + SizeOf(field.FieldType);
        }

        Assert.True(end <= SizeOf(type));
    }

    [Fact]
    public void The_test_above_sees_every_explicit_struct_of_the_protocol()
    {
        Assert.Contains(typeof(BlkifRequest64), Wire());
        Assert.Contains(typeof(BlkifRequest32), Wire());
        Assert.Contains(typeof(GrantEntry), Wire());
        Assert.Contains(typeof(BlkifSegment), Wire());
        Assert.True(Wire().Count >= 15);
    }

    [Fact]
    public void Slots_and_responses_have_the_sizes_of_their_structs()
    {
        Assert.Equal(BlkifRequest64.SizeBytes, BlkifCodec.SlotSizeBytes(BlkifAbi.X86_64));
        Assert.Equal(BlkifRequest64.SizeBytes, BlkifCodec.SlotSizeBytes(BlkifAbi.Arm));
        Assert.Equal(BlkifRequest32.SizeBytes, BlkifCodec.SlotSizeBytes(BlkifAbi.X86_32));
        Assert.Equal(BlkifResponse64.SizeBytes, BlkifCodec.ResponseSizeBytes(BlkifAbi.X86_64));
        Assert.Equal(BlkifResponse64.SizeBytes, BlkifCodec.ResponseSizeBytes(BlkifAbi.Arm));
        Assert.Equal(BlkifResponse32.SizeBytes, BlkifCodec.ResponseSizeBytes(BlkifAbi.X86_32));
    }

    [Fact]
    public void A_segment_knows_where_it_is_in_its_page()
    {
        var segment = new BlkifSegment { FirstSector = 2, LastSector = 4 };
        Assert.Equal((1024, 1536), (segment.OffsetBytes, segment.LengthBytes));
        var part = new RequestPart(8192, 5120, 4096, 2);
        Assert.Equal((16ul, 1, 1024), (part.SectorFirst, part.FirstPage, part.FirstPageOffsetBytes));
    }

    [Fact]
    public void The_protocols_numbers_fit_together()
    {
        Assert.Equal(8, ProtocolConstants.SectorsPerPage);
        Assert.Equal(512, ProtocolConstants.SegmentsPerIndirectPage);
        Assert.Equal(4096, ProtocolConstants.IndirectSegmentsMax);
        Assert.Equal(ProtocolConstants.DirectSegmentsMax, SizeOf(typeof(DirectSegments)) / BlkifSegment.SizeBytes);
        Assert.Equal(ProtocolConstants.IndirectPagesMax, SizeOf(typeof(IndirectGrants)) / sizeof(uint));
    }

    private static List<Type> Wire() =>
        [.. typeof(BlkifRequest64).Assembly.GetTypes().Where(type => type.IsExplicitLayout)];

    private static IEnumerable<FieldInfo> Fields(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .OrderBy(field => field.GetCustomAttribute<FieldOffsetAttribute>()!.Value);

    private static int SizeBytes(Type type) => (int)type.GetField("SizeBytes")!.GetRawConstantValue()!;

    private static int SizeOf(Type type) =>
        (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;
}
