using System.Runtime.CompilerServices;
using XenBlock.Tests.Interleaving;

namespace XenBlock.SharedMemory;

/// <summary>
/// Stands in the place of the real one: the same memory and the same calls, but before each access to memory that is
/// explored the explorer decides who goes on, and a store may wait in a store buffer as on a real processor.
/// </summary>
public readonly unsafe struct SharedPages
{
    private readonly byte* _start;

    /// <summary>A view of <paramref name="lengthBytes"/> bytes at <paramref name="address"/>.</summary>
    public SharedPages(nint address, int lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        _start = (byte*)address;
        LengthBytes = lengthBytes;
    }

    /// <summary>Length of the view in bytes.</summary>
    public int LengthBytes { get; }

    /// <summary>Address of the first byte in this process.</summary>
    public nint Address => (nint)_start;

    /// <summary>
    /// Full barrier (xen_mb): orders our store before our next load, which release and acquire do not.
    /// </summary>
    public static void StoreLoadBarrier()
    {
        Interlocked.MemoryBarrier();
        Actor.Current?.Barrier();
    }

    /// <summary>
    /// Load-acquire (xen_rmb): what the peer wrote before it published this word is visible after it.
    /// </summary>
    public uint LoadAcquire(int offset) => Actor.Current is { } actor && actor.Explores(Address + offset)
        ? actor.Load(Address + offset)
        : Volatile.Read(ref At<uint>(offset));

    /// <summary>Store-release (xen_wmb): what was written before is visible before the word is.</summary>
    public void StoreRelease(int offset, uint value)
    {
        if (Actor.Current is { } actor && actor.Explores(Address + offset)) actor.Store(Address + offset, value);
        else Volatile.Write(ref At<uint>(offset), value);
    }

    /// <summary>Load-acquire of 64 bits.</summary>
    public ulong LoadAcquire64(int offset) => Volatile.Read(ref At<ulong>(offset));

    /// <summary>Store-release of 64 bits.</summary>
    public void StoreRelease64(int offset, ulong value) => Volatile.Write(ref At<ulong>(offset), value);

    /// <summary>Compare and swap, a full barrier; returns the word that was there.</summary>
    public uint CompareExchange(int offset, uint value, uint comparand) =>
        Interlocked.CompareExchange(ref At<uint>(offset), value, comparand);

    /// <summary>Compare and swap of 16 bits, a full barrier; returns the half-word that was there.</summary>
    public ushort CompareExchange16(int offset, ushort value, ushort comparand) =>
        Interlocked.CompareExchange(ref At<ushort>(offset), value, comparand);

    /// <summary>Compare and swap of 64 bits, a full barrier; returns what was there.</summary>
    public ulong CompareExchange64(int offset, ulong value, ulong comparand) =>
        Interlocked.CompareExchange(ref At<ulong>(offset), value, comparand);

    /// <summary>Exchange, a full barrier; returns the word that was there.</summary>
    public uint Exchange(int offset, uint value) => Interlocked.Exchange(ref At<uint>(offset), value);

    /// <summary>Adds, a full barrier; returns the new value, wrapped to 32 bits.</summary>
    public uint Add(int offset, uint value) => Interlocked.Add(ref At<uint>(offset), value);

    /// <summary>Sets bits, a full barrier; returns the word that was there.</summary>
    public uint Or(int offset, uint bits) => Interlocked.Or(ref At<uint>(offset), bits);

    /// <summary>Keeps only the given bits, a full barrier; returns the word that was there.</summary>
    public uint And(int offset, uint bits) => Interlocked.And(ref At<uint>(offset), bits);

    /// <summary>Copies bytes out, once: all checks are made on the copy (RING_COPY_REQUEST).</summary>
    public void CopyOut(int offset, Span<byte> destination)
    {
        new ReadOnlySpan<byte>(Range(offset, destination.Length), destination.Length).CopyTo(destination);
        Actor.Current?.Overlay(Address + offset, destination);
    }

    /// <summary>Copies a value out, once.</summary>
    public T CopyOut<T>(int offset)
        where T : unmanaged => Unsafe.ReadUnaligned<T>(Range(offset, sizeof(T)));

    /// <summary>Copies bytes in.</summary>
    public void CopyIn(int offset, ReadOnlySpan<byte> source)
    {
        if (Actor.Current is { } actor && actor.Explores(Address + offset)) actor.Copy(Address + offset, source);
        else source.CopyTo(new Span<byte>(Range(offset, source.Length), source.Length));
    }

    /// <summary>Copies a value in.</summary>
    public void CopyIn<T>(int offset, in T value)
        where T : unmanaged => Unsafe.WriteUnaligned(Range(offset, sizeof(T)), value);

    /// <summary>Copies four words in, each with a store of its own.</summary>
    public void CopyIn(int offset, ulong first, ulong second, ulong third, ulong fourth)
    {
        byte* at = Range(offset, 4 * sizeof(ulong));
        Unsafe.WriteUnaligned(at, first);
        Unsafe.WriteUnaligned(at + 8, second);
        Unsafe.WriteUnaligned(at + 16, third);
        Unsafe.WriteUnaligned(at + 24, fourth);
    }

    /// <summary>Writes zeros.</summary>
    public void Clear(int offset, int lengthBytes) => new Span<byte>(Range(offset, lengthBytes), lengthBytes).Clear();

    /// <summary>A part of this view.</summary>
    public SharedPages Slice(int offset, int lengthBytes) => new((nint)Range(offset, lengthBytes), lengthBytes);

    /// <summary>A lease on payload within this view.</summary>
    public PayloadSegment Payload(int offset, int lengthBytes) => new((nint)Range(offset, lengthBytes), lengthBytes);

    private byte* Range(int offset, int size)
    {
        // A negative offset or size is a large number when taken as unsigned, so two comparisons are enough.
        bool isInside = unchecked((uint)offset <= (uint)LengthBytes && (uint)size <= (uint)(LengthBytes - offset));
        return isInside ? _start + offset : throw new ArgumentOutOfRangeException(nameof(offset));
    }

    private ref T At<T>(int offset)
        where T : unmanaged
    {
        // A word across two cache lines would not be read or written in one piece.
        if (offset % sizeof(T) != 0) throw new ArgumentException("a word that is not aligned", nameof(offset));
        return ref Unsafe.AsRef<T>(Range(offset, sizeof(T)));
    }
}
