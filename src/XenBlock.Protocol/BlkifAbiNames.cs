using System.Runtime.InteropServices;

namespace XenBlock.Protocol;

/// <summary>The values of the <c>protocol</c> key (xen/include/public/io/protocols.h).</summary>
public static class BlkifAbiNames
{
    /// <summary>"x86_64-abi".</summary>
    public const string X86_64 = "x86_64-abi";

    /// <summary>"x86_32-abi".</summary>
    public const string X86_32 = "x86_32-abi";

    /// <summary>"arm-abi".</summary>
    public const string Arm = "arm-abi";

    /// <summary>The layout of the processor that we run on: what our frontend uses.</summary>
    public static BlkifAbi Native => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.Arm or Architecture.Arm64 => BlkifAbi.Arm,
        Architecture.X86 => BlkifAbi.X86_32,
        _ => BlkifAbi.X86_64,
    };

    /// <summary>The key's value for a layout.</summary>
    public static string Format(BlkifAbi abi) => abi switch
    {
        BlkifAbi.X86_64 => X86_64,
        BlkifAbi.X86_32 => X86_32,
        BlkifAbi.Arm => Arm,
        _ => throw new ArgumentOutOfRangeException(nameof(abi)),
    };

    /// <summary>The layout that a key's value names; false if it names none that we know.</summary>
    public static bool TryParse(string? value, out BlkifAbi abi)
    {
        abi = value switch
        {
            X86_32 => BlkifAbi.X86_32,
            Arm => BlkifAbi.Arm,
            _ => BlkifAbi.X86_64,
        };
        return value is X86_64 or X86_32 or Arm;
    }
}
