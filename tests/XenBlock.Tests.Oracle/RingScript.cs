using System.Runtime.InteropServices;

namespace XenBlock.Tests.Oracle;

/// <summary>Runs one script on two rings side by side and compares every answer and every byte of the pages.</summary>
internal sealed unsafe class RingScript : IDisposable
{
    private readonly byte* _pages;
    private readonly int _lengthBytes;

    public RingScript(int pageCount)
    {
        _lengthBytes = pageCount * 4096;
        _pages = (byte*)NativeMemory.AlignedAlloc((nuint)(_lengthBytes * 2), 4096);
    }

    public nint First => (nint)_pages;

    public nint Second => (nint)(_pages + _lengthBytes);

    public int LengthBytes => _lengthBytes;

    /// <summary>Makes both runs of pages the same; before the rings are made.</summary>
    public void Clear() => new Span<byte>(_pages, _lengthBytes * 2).Fill(0xA5);

    /// <summary>Plays a script; gives the first difference in words, or null where there is none.</summary>
    /// <param name="expected">The ring on <see cref="First"/>.</param>
    /// <param name="actual">The ring on <see cref="Second"/>.</param>
    /// <param name="operations">One operation a byte.</param>
    /// <param name="start">Where the indices started, for events near them.</param>
    public string? Play(IRing expected, IRing actual, ReadOnlySpan<byte> operations, uint start)
    {
        byte* expectedSlot = stackalloc byte[112];
        byte* actualSlot = stackalloc byte[112];
        if (!ArePagesEqual()) return "the fresh pages differ";
        for (int step = 0; step < operations.Length; step++)
        {
            byte operation = operations[step];
            new Span<byte>(expectedSlot, 112).Clear();
            new Span<byte>(actualSlot, 112).Clear();
            uint first = Step(expected, expectedSlot, First, operation, step, start);
            uint second = Step(actual, actualSlot, Second, operation, step, start);
            if (first != second) return $"step {step} of kind {operation % 10}: {first} against {second}";
            if (!new Span<byte>(expectedSlot, 112).SequenceEqual(new Span<byte>(actualSlot, 112)))
                return $"step {step} of kind {operation % 10}: what was taken differs";
            if (!ArePagesEqual()) return $"step {step} of kind {operation % 10}: the pages differ";
        }

        return null;
    }

    public void Dispose() => NativeMemory.AlignedFree(_pages);

    private static uint Step(IRing ring, byte* slot, nint pages, byte operation, int step, uint start)
    {
        switch (operation % 10)
        {
            case 0 or 1:
                if (ring.FreeSlots == 0) return 99;
                new Span<byte>(slot, 112).Fill(unchecked((byte)(step + 1)));
                ring.PutRequest(slot);
                return ring.FreeSlots;
            case 2:
                return Flag(ring.PushRequests());
            case 3:
                return ring.TakeRequest(slot);
            case 4:
                return Flag(ring.FinalCheckForRequests());
            case 5:
                if (ring.Unanswered == 0) return 99;
                new Span<byte>(slot, 16).Fill(unchecked((byte)(step + 2)));
                ring.PutResponse(slot);
                return ring.Unanswered;
            case 6:
                return Flag(ring.PushResponses());
            case 7:
                return ring.TakeResponse(slot);
            case 8:
                return Flag(ring.FinalCheckForResponses());
            default:
                // Now and then an end asks for an event far ahead, or leaves it behind; also a hostile one may.
                uint distance = (uint)(operation / 10);
                uint wanted = operation < 20 ? unchecked(start - 5 + (uint)step) : unchecked(start + (distance * 3));
                if (distance % 4 == 0) *(uint*)(pages + (distance % 8 == 0 ? 4 : 12)) = wanted;
                return 0;
        }
    }

    private static uint Flag(bool flag) => flag ? 1u : 0u;

    private bool ArePagesEqual() =>
        new Span<byte>(_pages, _lengthBytes).SequenceEqual(new Span<byte>(_pages + _lengthBytes, _lengthBytes));
}
