namespace XenBlock.Emulator;

/// <summary>What a process asks the host of a machine for.</summary>
internal enum JoinOperation : uint
{
    /// <summary>To be a domain of the machine.</summary>
    Join = 1,

    /// <summary>The memory of the domain in a slot.</summary>
    FindMemory = 2,

    /// <summary>To be no domain of the machine any more.</summary>
    Leave = 3,
}
