using System.Buffers.Binary;
using System.Text;
using XenBlock.Hypervisor;

namespace XenBlock.Emulator;

/// <summary>
/// The host's answer: 512 bytes, little-endian. Descriptors come with it: for a join the machine's memory, the domain's
/// memory and a socket to XenStore; for a search the domain's memory.
/// </summary>
internal sealed record JoinReply
{
    internal const int SizeBytes = 512;

    private const int TextOffset = 64;

    /// <summary>Why not, or null.</summary>
    internal XenBlockErrorKind? Error { get; init; }

    /// <summary>The sentence that goes with the error.</summary>
    internal string Text { get; init; } = string.Empty;

    internal int Slot { get; init; }

    internal ushort Domain { get; init; }

    internal uint Generation { get; init; }

    internal int MemoryBytes { get; init; }

    internal int DomainsMax { get; init; }

    internal int GrantEntriesMax { get; init; }

    internal int MaptrackEntriesMax { get; init; }

    internal int EventChannelsMax { get; init; }

    internal GrantMappingMode Mapping { get; init; }

    internal bool Fence { get; init; }

    internal void Write(Span<byte> destination)
    {
        destination[..SizeBytes].Clear();
        ReadOnlySpan<int> numbers =
        [
            Error is { } kind ? (int)kind + 1 : 0,
            Slot,
            Domain,
            unchecked((int)Generation),
            MemoryBytes,
            DomainsMax,
            GrantEntriesMax,
            MaptrackEntriesMax,
            EventChannelsMax,
            (int)Mapping,
            Fence ? 1 : 0,
        ];
        for (int i = 0; i < numbers.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(destination[(i * sizeof(int))..], numbers[i]);
        _ = Encoding.UTF8.TryGetBytes(Text, destination[TextOffset..(SizeBytes - 1)], out _);
    }

    internal static JoinReply Read(ReadOnlySpan<byte> source)
    {
        Span<int> numbers = stackalloc int[11];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = BinaryPrimitives.ReadInt32LittleEndian(source[(i * sizeof(int))..]);
        ReadOnlySpan<byte> text = source[TextOffset..SizeBytes];
        return new()
        {
            Error = numbers[0] == 0 ? null : (XenBlockErrorKind)(numbers[0] - 1),
            Slot = numbers[1],
            Domain = (ushort)numbers[2],
            Generation = unchecked((uint)numbers[3]),
            MemoryBytes = numbers[4],
            DomainsMax = numbers[5],
            GrantEntriesMax = numbers[6],
            MaptrackEntriesMax = numbers[7],
            EventChannelsMax = numbers[8],
            Mapping = (GrantMappingMode)numbers[9],
            Fence = numbers[10] != 0,
            Text = Encoding.UTF8.GetString(text[..text.IndexOf((byte)0)]),
        };
    }
}
