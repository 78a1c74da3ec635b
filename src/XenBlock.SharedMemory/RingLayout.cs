using System.Numerics;
using XenBlock.Protocol;

namespace XenBlock.SharedMemory;

/// <summary>Where things are in a shared ring (<c>DEFINE_RING_TYPES</c>, xen/include/public/io/ring.h).</summary>
/// <param name="SlotSizeBytes">Bytes of a slot: the larger of request and response.</param>
/// <param name="SlotCount">Slots, a power of two.</param>
public readonly record struct RingLayout(int SlotSizeBytes, uint SlotCount)
{
    /// <summary>Offset of <c>req_prod</c>.</summary>
    public const int RequestProducer = 0;

    /// <summary>Offset of <c>req_event</c>.</summary>
    public const int RequestEvent = 4;

    /// <summary>Offset of <c>rsp_prod</c>.</summary>
    public const int ResponseProducer = 8;

    /// <summary>Offset of <c>rsp_event</c>.</summary>
    public const int ResponseEvent = 12;

    /// <summary>
    /// Offset of a backend's mark, 64 bits in the header's padding: which life of the ring its notes belong to. Whoever
    /// makes a ring clears it (<c>SHARED_RING_INIT</c> clears the padding), and no frontend looks at it.
    /// </summary>
    public const int BackendMark = 48;

    /// <summary>
    /// Offset of our own life byte, in the header's padding: 1 while a backend that was asked to has the ring mapped.
    /// </summary>
    public const int LifeByte = 60;

    /// <summary>Offset of the first slot; what lies between is private or padding.</summary>
    public const int FirstSlot = 64;

    /// <summary>The layout of a ring over a number of contiguous pages.</summary>
    public static RingLayout For(int slotSizeBytes, int pageCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(slotSizeBytes, 16);
        ArgumentOutOfRangeException.ThrowIfLessThan(pageCount, 1);
        int fitting = ((pageCount * ProtocolConstants.PageSizeBytes) - FirstSlot) / slotSizeBytes;
        return new RingLayout(slotSizeBytes, 1u << BitOperations.Log2((uint)fitting));
    }

    /// <summary>Offset of the slot that a free-running index falls on.</summary>
    public int SlotOffset(uint index) => FirstSlot + ((int)(index & (SlotCount - 1)) * SlotSizeBytes);

    /// <summary>The four shared words on one line.</summary>
    internal static string DescribeShared(SharedPages pages) =>
        $"shared: req_prod {pages.LoadAcquire(RequestProducer)}, req_event {pages.LoadAcquire(RequestEvent)}, "
        + $"rsp_prod {pages.LoadAcquire(ResponseProducer)}, rsp_event {pages.LoadAcquire(ResponseEvent)}";
}
