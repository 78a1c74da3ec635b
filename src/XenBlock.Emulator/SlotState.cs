namespace XenBlock.Emulator;

/// <summary>What a slot of the machine holds.</summary>
internal enum SlotState : uint
{
    /// <summary>Nothing.</summary>
    Free = 0,

    /// <summary>A domain that runs.</summary>
    Alive = 1,

    /// <summary>A domain that is gone, of whose memory others still map pages.</summary>
    Dying = 2,
}
