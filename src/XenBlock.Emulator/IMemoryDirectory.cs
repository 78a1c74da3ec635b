namespace XenBlock.Emulator;

/// <summary>Where a process finds the memory of the machine's domains.</summary>
internal interface IMemoryDirectory
{
    /// <summary>The memory of the domain that is in a slot now; null if it is gone.</summary>
    DomainMemory? Find(int slot);
}
