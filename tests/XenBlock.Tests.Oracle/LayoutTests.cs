using System.Runtime.InteropServices;
using XenBlock.Protocol;
using XenBlock.XenStore;
using Xunit;

namespace XenBlock.Tests.Oracle;

/// <summary>Every layout and number of ours, compiled as an assertion against Xen's public headers.</summary>
public sealed class LayoutTests
{
    [Theory]
    [InlineData("gcc", "gcc", "-m64", 64, BlkifAbi.X86_64)]
    [InlineData("gcc", "gcc", "-m32", 32, BlkifAbi.X86_32)]
    [InlineData("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu", "", 64, BlkifAbi.Arm)]
    [InlineData("arm-linux-gnueabihf-gcc", "gcc-arm-linux-gnueabihf", "", 64, BlkifAbi.Arm)]
    public void The_compiler_agrees_with_every_layout_and_constant(
        string compiler, string package, string target, int bits, BlkifAbi abi)
    {
        CCompiler.RequireOrSkip(compiler, package);
        SkipOnAnotherProcessor(compiler);
        CFact[] facts = [.. Facts(bits, BlkifCodec.SlotSizeBytes(abi))];
        Assert.True(facts.Length > 200, "the list of facts is not what it was");
        Assert.Empty(CCompiler.Check(compiler, target, facts));
    }

    [Fact]
    public void The_compiler_finds_a_wrong_offset_size_or_constant()
    {
        CCompiler.RequireOrSkip();
        foreach (CFact fact in Facts(64, 112))
        {
            if (!fact.Expression.StartsWith("offsetof(struct blkif_request,", StringComparison.Ordinal)) continue;
            CFact wrong = fact with { Value = fact.Value + 1 };
            Assert.Contains(fact.Expression, CCompiler.Check("gcc", string.Empty, [wrong]), StringComparison.Ordinal);
        }

        Assert.NotEmpty(CCompiler.Check("gcc", string.Empty, [new CFact("sizeof(struct blkif_response)", 12)]));
        Assert.NotEmpty(CCompiler.Check("gcc", string.Empty, [new CFact("BLKIF_OP_DISCARD", 4)]));
    }

    [Fact]
    public void Every_wire_struct_and_field_has_its_twin()
    {
        IEnumerable<Type> explicitStructs =
            typeof(BlkifRequest64).Assembly.GetTypes().Where(type => type.IsExplicitLayout);
        Assert.Equal(
            explicitStructs.Select(type => type.Name).Order(), CStructs.All.Select(wire => wire.Type.Name).Order());
        Assert.All(CStructs.All, wire => Assert.Equal(
            CStructs.Fields(wire.Type).Select(field => field.Name).Order(), wire.Members.Keys.Order()));
    }

    [Fact]
    public void Every_number_of_every_enum_is_checked_or_says_why_not()
    {
        Type[] enums = [.. CConstants.Names.Keys.Select(value => value.GetType()).Distinct()];
        foreach (Type type in enums)
        {
            foreach (Enum value in Enum.GetValues(type))
            {
                Assert.True(
                    CConstants.Names.ContainsKey(value) ^ CConstants.Unchecked.ContainsKey(value),
                    $"{type.Name}.{value} has no C name");
            }
        }

        Type[] ours = [.. typeof(BlkifRequest64).Assembly.GetTypes().Where(type => type.IsEnum)];
        string[] notWire = ["BlkifAbi", "RequestVerdict", "XenbusEnd"];
        Assert.Equal(
            ours.Select(type => type.Name).Except(notWire).Order(),
            enums.Where(type => type.Assembly == typeof(BlkifRequest64).Assembly).Select(type => type.Name).Order());
    }

    [Fact]
    public void The_errors_of_the_store_are_those_of_the_header()
    {
        CCompiler.RequireOrSkip();
        string header = File.ReadAllText("/usr/include/xen/io/xs_wire.h");
        string[] inHeader =
        [
            .. header.Split('\n')
                .Where(line => line.TrimStart().StartsWith("XSD_ERROR(", StringComparison.Ordinal))
                .Select(line => line.Split('(', ')')[1]),
        ];
        Assert.NotEmpty(inHeader);
        Assert.Equal(inHeader.Order(), Enum.GetNames<XsError>().Except(["None"]).Order());
    }

    [Theory]
    [InlineData(0, "type")]
    [InlineData(4, "req_id")]
    [InlineData(8, "tx_id")]
    [InlineData(12, "len")]
    public void The_header_of_a_store_message_is_written_as_the_struct(int offset, string member)
    {
        CCompiler.RequireOrSkip();
        var bytes = new byte[XsHeader.SizeBytes];
        new XsHeader((XsOperation)0x100, 0x104, 0x108, 0x10C).Write(bytes);
        Assert.Equal(0x100 + offset, BitConverter.ToInt32(bytes, offset));
        CFact fact = new($"offsetof(struct xsd_sockmsg, {member})", offset);
        Assert.Empty(CCompiler.Check("gcc", string.Empty, [fact]));
    }

    private static IEnumerable<CFact> Facts(int bits, int slotSizeBytes) =>
    [
        .. CStructs.Facts(bits),
        .. CConstants.Names.Select(pair => new CFact(pair.Value, Convert.ToInt64(pair.Key, null))),
        .. CConstants.Numbers(),
        .. CConstants.Ring(slotSizeBytes),
    ];

    private static void SkipOnAnotherProcessor(string compiler) => Assert.SkipWhen(
        compiler == "gcc" && RuntimeInformation.ProcessArchitecture != Architecture.X64,
        "gcc here is not for x86: the layouts of x86_64 and x86_32 are checked on x86_64");
}
