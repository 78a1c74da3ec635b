namespace XenBlock.Frontend;

/// <summary>
/// An operation on its way through the pump, with its cursor. Made once and used again; the pump owns it from
/// <see cref="FrontendPump.Submit"/> until it is taken back as completed.
/// </summary>
internal class FrontendOperation
{
    /// <summary>What to do.</summary>
    public BlockOperation Kind { get; private set; }

    /// <summary>Where on the disk, in bytes.</summary>
    public long OffsetBytes { get; private set; }

    /// <summary>How much, in bytes; 0 for a flush.</summary>
    public long LengthBytes { get; private set; }

    /// <summary>The caller's own mark.</summary>
    public ulong Token { get; set; }

    /// <summary>The worst status of the parts that were answered.</summary>
    public BlockOperationStatus Status { get; set; }

    /// <summary>Granted memory of the caller, or null where <see cref="Memory"/> is meant.</summary>
    public GrantedBuffer? Buffer { get; private set; }

    /// <summary>Where in <see cref="Buffer"/>, in bytes.</summary>
    public int BufferOffsetBytes { get; private set; }

    /// <summary>Plain memory of the caller; written to by reads only.</summary>
    public Memory<byte> Memory { get; private set; }

    /// <summary>The caller's memory, whichever kind it is, to be copied in or out.</summary>
    public Span<byte> Data => Buffer is { } buffer
        ? buffer.Bytes.Slice(BufferOffsetBytes, (int)LengthBytes)
        : Memory.Span;

    /// <summary>When it was submitted, by the trace's clock; 0 if it was not traced then.</summary>
    public long SubmittedNs { get; set; }

    /// <summary>Ticks of the clock when it was submitted, if somebody measures how long operations take.</summary>
    public long SubmittedTicks { get; set; }

    /// <summary>Bytes of it that are on the ring, or were.</summary>
    public long StartedBytes { get; set; }

    /// <summary>Parts on the ring.</summary>
    public int PartsInFlight { get; set; }

    /// <summary>True while a part is left to be put on the ring.</summary>
    public bool HasMore { get; set; }

    /// <summary>True while it stands in the pump's queue.</summary>
    public bool IsWaiting { get; set; }

    /// <summary>The next in whatever list it is in: free, waiting or completed.</summary>
    public FrontendOperation? Next { get; set; }

    /// <summary>Prepares an operation without data.</summary>
    public void Prepare(BlockOperation kind, long offsetBytes, long lengthBytes)
    {
        Kind = kind;
        OffsetBytes = offsetBytes;
        LengthBytes = lengthBytes;
        Status = BlockOperationStatus.Okay;
        SubmittedNs = 0;
        SubmittedTicks = 0;
        StartedBytes = 0;
        PartsInFlight = 0;
        HasMore = true;
        IsWaiting = false;
        Next = null;
    }

    /// <summary>Prepares a read or a write of granted memory.</summary>
    public void Prepare(
        BlockOperation kind, long offsetBytes, GrantedBuffer buffer, int bufferOffsetBytes, int lengthBytes)
    {
        Prepare(kind, offsetBytes, lengthBytes);
        Buffer = buffer;
        BufferOffsetBytes = bufferOffsetBytes;
    }

    /// <summary>Prepares a read or a write of plain memory.</summary>
    public void Prepare(BlockOperation kind, long offsetBytes, Memory<byte> memory)
    {
        Prepare(kind, offsetBytes, memory.Length);
        Memory = memory;
    }

    /// <summary>Back to the start: nothing of it is on the ring any more.</summary>
    public void Restart()
    {
        StartedBytes = 0;
        HasMore = true;
    }

    /// <summary>Lets go of the caller's memory.</summary>
    public void Forget()
    {
        Buffer = null;
        Memory = default;
    }

    /// <summary>Notes a failure, the worst one stays; nothing more of it goes on the ring.</summary>
    public void Fail(BlockOperationStatus status)
    {
        if (status > Status) Status = status;
        HasMore = false;
    }
}
