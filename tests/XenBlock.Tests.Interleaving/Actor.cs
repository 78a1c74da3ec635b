using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace XenBlock.Tests.Interleaving;

/// <summary>
/// One of those whose steps are interleaved: a processor with its store buffer, on a thread of its own that runs only
/// when the explorer says so.
/// </summary>
/// <param name="run">The execution that it belongs to.</param>
/// <param name="index">Its number.</param>
/// <param name="name">Its name, for a schedule in words.</param>
/// <param name="body">What it does.</param>
internal sealed class Actor(Execution run, int index, string name, Action body)
{
    [ThreadStatic]
    private static Actor? _current;

    private readonly List<(nint Address, byte[] Bytes, bool IsWord)> _buffer = [];

    /// <summary>Who runs on this thread, or null for everybody else.</summary>
    public static Actor? Current
    {
        get => _current;
        set => _current = value;
    }

    public int Index => index;

    public string Name => name;

    public Action Body => body;

    public SemaphoreSlim Turn { get; } = new(0);

    /// <summary>What it does when it is let go on.</summary>
    public Step Next { get; set; } = new(StepKind.Own, 0);

    /// <summary>Whether it can be let go on; null for always.</summary>
    public Func<bool>? MayGoOn { get; set; }

    /// <summary>It has come to its end, or was killed.</summary>
    public bool IsOver { get; set; }

    /// <summary>It was killed: it does nothing more.</summary>
    public bool IsKilled { get; set; }

    /// <summary>What the next word is that leaves the store buffer; null if it is empty.</summary>
    public Step? Drainable =>
        _buffer.Count == 0 ? null : new Step(StepKind.Write, run.PlaceOf(WordIn(_buffer).Address));

    public bool Explores(nint address) => run.IsExplored(address);

    /// <summary>Waits until it may do a step.</summary>
    public void Point(StepKind kind, long place, Func<bool>? mayGoOn = null)
    {
        Next = new Step(kind, place);
        MayGoOn = mayGoOn;
        run.Yield(this);
        MayGoOn = null;
    }

    public uint Load(nint address)
    {
        Point(StepKind.Read, run.PlaceOf(address));
        var bytes = new byte[sizeof(uint)];
        Marshal.Copy(address, bytes, 0, bytes.Length);
        Overlay(address, bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    public void Store(nint address, uint value)
    {
        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        if (!run.HasStoreBuffers) Point(StepKind.Write, run.PlaceOf(address));
        _buffer.Add((address, bytes, IsWord: true));
        if (!run.HasStoreBuffers) DrainAll();
    }

    // A slot has no step of its own: nobody may look at it before the word that is stored after it is seen.
    public void Copy(nint address, ReadOnlySpan<byte> source)
    {
        _buffer.Add((address, source.ToArray(), IsWord: false));
        if (!run.HasStoreBuffers) DrainAll();
    }

    /// <summary>What it has stored itself and nobody else sees yet.</summary>
    public void Overlay(nint address, Span<byte> destination)
    {
        foreach ((nint start, byte[] bytes, _) in _buffer)
        {
            for (int i = 0; i < bytes.Length; i++)
            {
                nint at = start + i - address;
                if (at >= 0 && at < destination.Length) destination[(int)at] = bytes[i];
            }
        }
    }

    /// <summary>The full barrier: not before all that was stored is seen.</summary>
    public void Barrier()
    {
        if (run.HasStoreBuffers && run.BarriersWork) Point(StepKind.Own, 0, () => _buffer.Count == 0);
    }

    /// <summary>A call of the hypervisor or the kernel: what was stored is seen after it.</summary>
    public void Enter(StepKind kind, long place, Func<bool>? mayGoOn = null)
    {
        Point(kind, place, () => _buffer.Count == 0 && (mayGoOn is null || mayGoOn()));
    }

    /// <summary>The oldest word leaves the store buffer, and the slots that were written before it.</summary>
    public void Drain()
    {
        int count = _buffer.FindIndex(entry => entry.IsWord) + 1;
        if (count == 0) count = _buffer.Count;
        foreach ((nint address, byte[] bytes, _) in _buffer.Take(count)) Marshal.Copy(bytes, 0, address, bytes.Length);
        _buffer.RemoveRange(0, count);
    }

    public void DrainAll()
    {
        while (_buffer.Count > 0) Drain();
    }

    private static (nint Address, byte[] Bytes, bool IsWord) WordIn(
        List<(nint Address, byte[] Bytes, bool IsWord)> buffer)
    {
        int word = buffer.FindIndex(entry => entry.IsWord);
        return buffer[Math.Max(word, 0)];
    }
}
