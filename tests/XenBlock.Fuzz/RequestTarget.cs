using System.Runtime.InteropServices;
using XenBlock.Protocol;

namespace XenBlock.Fuzz;

/// <summary>
/// Decoding and judging of requests, all ABIs: the fields are those of the C structures, what is written again is read
/// back the same, and the verdict is the one that <see cref="RequestRule"/> allows.
/// </summary>
public class RequestTarget : FuzzTarget
{
    // From what a disk may be to what none is.
    private static readonly ulong[] SectorCounts =
        [0, 1, 8, 2048, 1UL << 32, (ulong)long.MaxValue / 512, ulong.MaxValue - 7, ulong.MaxValue];

    private static readonly int[] IndirectCounts = [0, 1, 11, 32, 256, 4096, 5000, int.MaxValue];

    /// <inheritdoc/>
    public override string Name => "requests";

    /// <inheritdoc/>
    public override void Run(ReadOnlySpan<byte> input)
    {
        var reader = new InputReader(input);
        var abi = (BlkifAbi)(reader.Byte() % 3);
        DiskLimits limits = ReadLimits(ref reader);
        Span<byte> slot = stackalloc byte[BlkifCodec.SlotSizeBytes(abi)];
        reader.Fill(slot);
        BlockRequest request = default;
        MemoryMarshal.AsBytes(new Span<BlockRequest>(ref request)).Fill(0xEE); // what a request before it left
        BlkifCodec.ReadRequest(abi, slot, ref request);
        BlockRequest expected = RequestRule.Decode(abi, slot);
        RequireSame(in expected, in request);
        if (request.IsIndirect || request.SegmentCount <= ProtocolConstants.DirectSegmentsMax)
            RequireRoundTrip(abi, in request);
        CheckVerdict(in request, in limits);
        if (request.IsIndirect) CheckSegments(in request, in limits, ref reader);
        CheckResponse(abi, in request);
    }

    /// <inheritdoc/>
    public override IEnumerable<byte[]> Seeds()
    {
        foreach (BlkifAbi abi in Enum.GetValues<BlkifAbi>())
        {
            foreach (BlkifOperation operation in Enum.GetValues<BlkifOperation>())
            {
                var request = new BlockRequest
                {
                    IsIndirect = operation == BlkifOperation.Indirect,
                    Operation = operation == BlkifOperation.Indirect ? BlkifOperation.Write : operation,
                    Id = 0x0102_0304_0506_0708,
                    SectorFirst = 8,
                    SegmentCount = (ushort)(operation == BlkifOperation.Discard ? 0 : 3),
                    SectorCount = operation == BlkifOperation.Discard ? 16UL : 0,
                };
                for (int i = 0; i < 3; i++) request.Segments[i] = new() { Grant = (uint)(8 + i), LastSector = 7 };
                var slot = new byte[BlkifCodec.SlotSizeBytes(abi)];
                BlkifCodec.WriteRequest(abi, in request, slot);
                var writer = new InputWriter().Byte((int)abi).Byte(0x3E).Byte(0x35).Bytes(slot);
                Span<BlkifSegment> segments = request.Segments;
                if (request.IsIndirect) writer.Bytes(MemoryMarshal.AsBytes(segments[..3]));
                yield return writer.ToArray();
            }
        }
    }

    /// <summary>The code under test; a planted fault stands in its place.</summary>
    protected virtual RequestVerdict Judge(in BlockRequest request, in DiskLimits limits, out int lengthBytes) =>
        RequestValidator.Validate(in request, in limits, out lengthBytes);

    /// <summary>The code under test; a planted fault stands in its place.</summary>
    protected virtual RequestVerdict JudgeSegments(
        ReadOnlySpan<BlkifSegment> segments, ulong sectorFirst, in DiskLimits limits, out int lengthBytes) =>
        RequestValidator.ValidateSegments(segments, sectorFirst, in limits, out lengthBytes);

    private static DiskLimits ReadLimits(ref InputReader reader)
    {
        byte flags = reader.Byte();
        byte sizes = reader.Byte();
        return new DiskLimits(SectorCounts[sizes & 7], 512 << ((flags >> 6) & 3))
        {
            IsReadOnly = (flags & 1) != 0,
            AllowsFlush = (flags & 2) != 0,
            AllowsBarrier = (flags & 4) != 0,
            AllowsDiscard = (flags & 8) != 0,
            AllowsSecureDiscard = (flags & 16) != 0,
            IndirectSegmentsMax = IndirectCounts[(sizes >> 3) & 7],
        };
    }

    private void CheckVerdict(in BlockRequest request, in DiskLimits limits)
    {
        RequestVerdict verdict = Judge(in request, in limits, out int lengthBytes);
        int inSlot = Math.Min((int)request.SegmentCount, ProtocolConstants.DirectSegmentsMax);
        BlkifSegment[]? segments = request.IsIndirect
            ? null
            : ((ReadOnlySpan<BlkifSegment>)request.Segments)[..inSlot].ToArray();
        Require(
            RequestRule.Holds(verdict, in request, in limits, segments), $"the verdict '{verdict}' is true");
        bool isCarried = verdict == RequestVerdict.Accepted && segments is not null;
        int carried = isCarried ? RequestRule.LengthBytes(segments!) : 0;
        Require(lengthBytes == carried, "the length is that of the segments");
        Require(verdict.ToStatus() == BlkifStatus.Okay == (verdict == RequestVerdict.Accepted), "a refusal is told");
        Require(verdict.Describe().Length > 0, "a verdict has words");
    }

    private void CheckSegments(in BlockRequest request, in DiskLimits limits, ref InputReader reader)
    {
        if (RequestValidator.Validate(in request, in limits) != RequestVerdict.Accepted) return;
        var segments = new BlkifSegment[request.SegmentCount];
        ReadOnlySpan<BlkifSegment> pattern = MemoryMarshal.Cast<byte, BlkifSegment>(reader.Take(8 * 64));
        for (int i = 0; i < segments.Length && pattern.Length > 0; i++) segments[i] = pattern[i % pattern.Length];
        RequestVerdict verdict = JudgeSegments(segments, request.SectorFirst, in limits, out int lengthBytes);
        Require(
            RequestRule.Holds(verdict, in request, in limits, segments), $"'{verdict}' is true of the segments");
        int carried = verdict == RequestVerdict.Accepted ? RequestRule.LengthBytes(segments) : 0;
        Require(lengthBytes == carried, "the length is that of the indirect segments");
    }

    private static void RequireRoundTrip(BlkifAbi abi, in BlockRequest request)
    {
        Span<byte> again = stackalloc byte[BlkifCodec.SlotSizeBytes(abi)];
        again.Fill(0xDD);
        BlkifCodec.WriteRequest(abi, in request, again);
        BlockRequest back = default;
        BlkifCodec.ReadRequest(abi, again, ref back);
        RequireSame(in request, in back);
    }

    private static void RequireSame(in BlockRequest expected, in BlockRequest got)
    {
        Require(expected.IsIndirect == got.IsIndirect, "indirect or not");
        Require(expected.Operation == got.Operation, "the operation");
        Require(expected.Handle == got.Handle, "the handle");
        Require(expected.Id == got.Id, "the id");
        Require(expected.SectorFirst == got.SectorFirst, "the first sector");
        Require(expected.SegmentCount == got.SegmentCount, "the count of segments");
        Require(expected.SectorCount == got.SectorCount, "the count of sectors");
        Require(expected.DiscardFlags == got.DiscardFlags, "the flags of a discard");
        if (expected.IsIndirect)
        {
            ReadOnlySpan<uint> grants = expected.IndirectGrants;
            Require(grants.SequenceEqual(got.IndirectGrants), "the grants of indirect pages");
            return;
        }

        int count = Math.Min((int)expected.SegmentCount, ProtocolConstants.DirectSegmentsMax);
        ReadOnlySpan<BlkifSegment> segments = expected.Segments;
        ReadOnlySpan<BlkifSegment> others = got.Segments;
        Require(
            MemoryMarshal.AsBytes(segments[..count]).SequenceEqual(MemoryMarshal.AsBytes(others[..count])),
            "the segments");
    }

    private static void CheckResponse(BlkifAbi abi, in BlockRequest request)
    {
        Span<byte> first = stackalloc byte[BlkifCodec.ResponseSizeBytes(abi)];
        Span<byte> second = stackalloc byte[BlkifCodec.ResponseSizeBytes(abi)];
        second.Fill(0xFF);
        var response = new BlockResponse
        {
            Id = request.Id,
            Operation = request.Operation,
            Status = (BlkifStatus)unchecked((short)request.SegmentCount),
        };
        BlkifCodec.WriteResponse(in response, first);
        BlkifCodec.WriteResponse(in response, second);
        Require(first.SequenceEqual(second), "every byte of a response is written (S3)");
        BlockResponse back = BlkifCodec.ReadResponse(first);
        Require(
            back.Id == response.Id && back.Operation == response.Operation && back.Status == response.Status,
            "a response is read as it was written");
    }
}
