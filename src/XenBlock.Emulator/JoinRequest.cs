using System.Buffers.Binary;

namespace XenBlock.Emulator;

/// <summary>A request from a process to the host of a machine: 32 bytes, little-endian.</summary>
/// <param name="Operation">What is asked for.</param>
/// <param name="Argument">Join: the domain wanted, or <see cref="AnyDomain"/>. FindMemory: the slot.</param>
/// <param name="MemoryBytes">Join: the memory wanted.</param>
internal readonly record struct JoinRequest(JoinOperation Operation, uint Argument, int MemoryBytes)
{
    internal const int SizeBytes = 32;

    internal const uint AnyDomain = uint.MaxValue;

    internal void Write(Span<byte> destination)
    {
        destination[..SizeBytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(destination, MachineLayout.Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], MachineLayout.Version);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], (uint)Operation);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[16..], Argument);
        BinaryPrimitives.WriteInt32LittleEndian(destination[20..], MemoryBytes);
    }

    /// <summary>Reads a request; false if it is not one of ours, or of another version.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> source, out JoinRequest request)
    {
        request = new(
            (JoinOperation)BinaryPrimitives.ReadUInt32LittleEndian(source[12..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[20..]));
        return BinaryPrimitives.ReadUInt64LittleEndian(source) == MachineLayout.Magic
            && BinaryPrimitives.ReadUInt32LittleEndian(source[8..]) == MachineLayout.Version;
    }
}
