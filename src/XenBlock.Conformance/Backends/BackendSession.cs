using System.Globalization;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>A connection to the backend under test, and the requests that rules make on it.</summary>
internal sealed class BackendSession : IDisposable
{
    private const byte Canary = 0xa5;
    private const ulong IdStep = 0x9e37_79b9_7f4a_7c15; // an odd number: ids that use every bit, and none twice

    private readonly BackendProbe _probe;
    private bool _isDataReleased;
    private bool _isReleased;
    private ulong _id = ulong.MaxValue; // so that the first is the largest there is

    public BackendSession(BackendProbe probe, ConnectionWish wish, ScriptedFrontend frontend)
    {
        _probe = probe;
        Wish = wish;
        Frontend = frontend;
        Lines =
        [
            .. frontend.Queues.Select(queue => new ProbeLine(
                queue, wish.Abi, probe.Ledger, probe.Hypervisor, probe.Options.Patience)),
        ];
    }

    public ConnectionWish Wish { get; }

    public ScriptedFrontend Frontend { get; }

    public IReadOnlyList<ProbeLine> Lines { get; }

    public ProbeLine Line => Lines[0];

    public int Outstanding => Lines.Sum(line => line.Outstanding);

    /// <summary>An id that was not used before.</summary>
    public ulong NextId()
    {
        ulong id = _id;
        _id = unchecked(_id + IdStep);
        return id;
    }

    /// <summary>A direct request of pieces; more than 11 lie beyond the slot, and only their number is told.</summary>
    public BlockRequest Direct(BlkifOperation operation, ulong sector, params ReadOnlySpan<Piece> pieces)
    {
        var request = new BlockRequest
        {
            Operation = operation,
            Id = NextId(),
            SectorFirst = sector,
            SegmentCount = (ushort)pieces.Length,
        };
        for (int i = 0; i < Math.Min(pieces.Length, ProtocolConstants.DirectSegmentsMax); i++)
            request.Segments[i] = Segment(pieces[i]);
        return request;
    }

    /// <summary>An indirect request, whose segments go into the last data pages.</summary>
    public BlockRequest Indirect(BlkifOperation operation, ulong sector, params ReadOnlySpan<Piece> pieces)
    {
        int pageCount = Math.Clamp(Segmenter.IndirectPageCount(pieces.Length), 1, ProtocolConstants.IndirectPagesMax);
        int firstPage = Frontend.DataPageCount - ProtocolConstants.IndirectPagesMax;
        var request = new BlockRequest
        {
            Operation = operation,
            IsIndirect = true,
            Id = NextId(),
            SectorFirst = sector,
            SegmentCount = (ushort)pieces.Length,
        };
        for (int i = 0; i < pageCount; i++) request.IndirectGrants[i] = Frontend.Grant(firstPage + i);
        for (int i = 0; i < pieces.Length; i++) Frontend.PutIndirectSegment(firstPage, i, Segment(pieces[i]));
        return request;
    }

    /// <summary>A request without segments, such as a flush; or a discard of sectors.</summary>
    public BlockRequest Bare(BlkifOperation operation, ulong sector = 0, ulong sectorCount = 0) => new()
    {
        Operation = operation,
        Id = NextId(),
        SectorFirst = sector,
        SectorCount = sectorCount,
    };

    /// <summary>Reads, and looks at every byte of the pages. Null, or what is wrong.</summary>
    public string? Read(ulong sector, ReadOnlySpan<Piece> pieces, bool isIndirect = false, int line = 0)
    {
        Fill(pieces);
        BlockRequest request = isIndirect
            ? Indirect(BlkifOperation.Read, sector, pieces)
            : Direct(BlkifOperation.Read, sector, pieces);
        BlockResponse response = Lines[line].Ask(in request);
        return response.Status == BlkifStatus.Okay
            ? CompareRead(sector, pieces)
            : $"reading {Describe(sector, pieces)} gave {Words(response.Status)}";
    }

    /// <summary>Writes new bytes, and reads them and their neighbours again. Null, or what is wrong.</summary>
    public string? Write(
        ulong sector, ReadOnlySpan<Piece> pieces, BlkifOperation operation = BlkifOperation.Write,
        bool isIndirect = false)
    {
        Fill(pieces);
        ulong at = sector;
        foreach (Piece piece in pieces)
        {
            byte[] data = _probe.NewBytes(piece.SectorCount * ProtocolConstants.SectorSizeBytes);
            Frontend.Data.CopyIn(OffsetOf(piece), data);
            at += (ulong)piece.SectorCount;
        }

        BlockRequest request = isIndirect
            ? Indirect(operation, sector, pieces)
            : Direct(operation, sector, pieces);
        BlockResponse response = Line.Ask(in request);
        if (response.Status != BlkifStatus.Okay)
        {
            string? change = VerifyAround(sector, at);
            return $"writing {Describe(sector, pieces)} gave {Words(response.Status)}"
                + (change is null ? "" : $", and {change}");
        }

        at = sector;
        foreach (Piece piece in pieces)
        {
            Frontend.Data.CopyOut(OffsetOf(piece), _probe.Region.At(at, piece.SectorCount));
            at += (ulong)piece.SectorCount;
        }

        return VerifyAround(sector, at) is { } wrong ? $"after writing {Describe(sector, pieces)}, {wrong}" : null;
    }

    /// <summary>
    /// Asks for something that must be refused, and then for something that must not. Null, or what is wrong.
    /// </summary>
    public string? Refused(in BlockRequest request, string what)
    {
        BlockResponse response = Line.Ask(in request);
        if (response.Status == BlkifStatus.Okay) return $"{what} was answered okay; expected an error";
        return Alive() is { } dead ? $"after {what}, {dead}" : null;
    }

    /// <summary>Reads a page. Null, or what is wrong.</summary>
    public string? Alive() => Read(_probe.Region.FirstSector, Piece.Pages(1));

    /// <summary>Whether the disk holds what it should around a range, whole pages. Null, or what is wrong.</summary>
    public string? VerifyAround(ulong firstSector, ulong endSector)
    {
        DiskRegion region = _probe.Region;
        const ulong page = ProtocolConstants.SectorsPerPage;
        ulong from = Math.Max(region.FirstSector, (Math.Max(firstSector, page) / page * page) - page);
        ulong end = Math.Min(region.FirstSector + region.SectorCount, ((endSector + page - 1) / page * page) + page);
        while (from < end)
        {
            int count = (int)Math.Min(ProtocolConstants.DirectSegmentsMax, (end - from) / page);
            if (Read(from, Piece.Pages(count)) is { } wrong) return wrong;
            from += (ulong)count * page;
        }

        return null;
    }

    /// <summary>Reads into a span, eleven pages a request.</summary>
    /// <exception cref="XenBlockException">A read failed.</exception>
    public void ReadInto(ulong sector, Span<byte> data) => Move(BlkifOperation.Read, sector, data);

    /// <summary>Writes a span, eleven pages a request.</summary>
    /// <exception cref="XenBlockException">A write failed.</exception>
    public void WriteFrom(ulong sector, ReadOnlySpan<byte> data)
    {
        byte[] copy = data.ToArray();
        Move(BlkifOperation.Write, sector, copy);
    }

    /// <summary>Writes a canary over the pages of a request.</summary>
    public void Fill(ReadOnlySpan<Piece> pieces)
    {
        Span<byte> canary = stackalloc byte[ProtocolConstants.PageSizeBytes];
        canary.Fill(Canary);
        foreach (Piece piece in pieces) Frontend.Data.CopyIn(piece.Page * ProtocolConstants.PageSizeBytes, canary);
    }

    /// <summary>
    /// Whether the pages of a read hold what the disk does, and their other sectors what they held. Null, or what is
    /// wrong.
    /// </summary>
    public string? CompareRead(ulong sector, ReadOnlySpan<Piece> pieces)
    {
        byte[] page = new byte[ProtocolConstants.PageSizeBytes];
        ulong at = sector;
        for (int i = 0; i < pieces.Length; i++)
        {
            Piece piece = pieces[i];
            Frontend.Data.CopyOut(piece.Page * ProtocolConstants.PageSizeBytes, page);
            int start = piece.First * ProtocolConstants.SectorSizeBytes;
            int length = piece.SectorCount * ProtocolConstants.SectorSizeBytes;
            if (!page.AsSpan(start, length).SequenceEqual(_probe.Region.At(at, piece.SectorCount)))
                return $"segment {i} of a read of {Describe(sector, pieces)} holds other bytes than the disk";
            bool isTouched = page.AsSpan(0, start).IndexOfAnyExcept(Canary) >= 0
                || page.AsSpan(start + length).IndexOfAnyExcept(Canary) >= 0;
            if (isTouched)
                return $"a read of {Describe(sector, pieces)} wrote outside segment {i}, in the page that was granted";
            at += (ulong)piece.SectorCount;
        }

        return null;
    }

    /// <summary>A status as the protocol names it.</summary>
    public static string Words(BlkifStatus status) => status switch
    {
        BlkifStatus.Okay => "okay",
        BlkifStatus.Error => "an error",
        BlkifStatus.NotSupported => "not supported",
        _ => string.Create(CultureInfo.InvariantCulture, $"status {(short)status}"),
    };

    /// <summary>Takes the data pages back. The pages that the backend still has mapped.</summary>
    public int ReleaseData()
    {
        _isDataReleased = true;
        return Frontend.RevokeData();
    }

    /// <summary>Grants the data pages again.</summary>
    public void OfferData()
    {
        Frontend.OfferData();
        _isDataReleased = false;
    }

    /// <summary>
    /// Takes all back that was not taken back before. The pages that the backend still has mapped; 0 where that is not
    /// seen.
    /// </summary>
    public int ReleaseAll()
    {
        if (_isReleased) return 0;
        _isReleased = true;
        int kept = Frontend.Queues.Sum(queue => queue.Revoke());
        return _isDataReleased ? kept : kept + ReleaseData();
    }

    public void Dispose()
    {
        ReleaseAll();
        Frontend.Dispose();
    }

    private static string Describe(ulong sector, ReadOnlySpan<Piece> pieces)
    {
        string shape = pieces.Length == 1
            ? $"1 segment of sectors {pieces[0].First} to {pieces[0].Last}"
            : $"{pieces.Length} segments";
        return string.Create(CultureInfo.InvariantCulture, $"{shape} at sector {sector}");
    }

    private static int OffsetOf(Piece piece) =>
        (piece.Page * ProtocolConstants.PageSizeBytes) + (piece.First * ProtocolConstants.SectorSizeBytes);

    private BlkifSegment Segment(Piece piece) => new()
    {
        Grant = Frontend.Grant(piece.Page),
        FirstSector = (byte)piece.First,
        LastSector = (byte)piece.Last,
    };

    private void Move(BlkifOperation operation, ulong sector, Span<byte> data)
    {
        while (data.Length > 0)
        {
            int pages = Math.Min(ProtocolConstants.DirectSegmentsMax, data.Length / ProtocolConstants.PageSizeBytes);
            Span<byte> part = data[..(pages * ProtocolConstants.PageSizeBytes)];
            if (operation == BlkifOperation.Write) Frontend.Data.CopyIn(0, part);
            BlockRequest request = Direct(operation, sector, Piece.Pages(pages));
            BlockResponse response = Line.Ask(in request);
            if (response.Status != BlkifStatus.Okay)
            {
                throw new XenBlockException(
                    XenBlockErrorKind.InputOutput,
                    $"{(operation == BlkifOperation.Read ? "reading" : "writing")} {pages} whole pages at sector "
                        + $"{sector} gave {Words(response.Status)}");
            }

            if (operation == BlkifOperation.Read) Frontend.Data.CopyOut(0, part);
            data = data[part.Length..];
            sector += (ulong)(part.Length / ProtocolConstants.SectorSizeBytes);
        }
    }
}
