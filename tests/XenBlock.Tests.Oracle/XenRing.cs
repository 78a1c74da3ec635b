using System.Runtime.InteropServices;

namespace XenBlock.Tests.Oracle;

/// <summary>Xen's own macros, compiled from ring_oracle.c.</summary>
internal sealed unsafe class XenRing : IRing, IDisposable
{
    private readonly XenRingLibrary _library;
    private readonly void* _state;

    public XenRing(XenRingLibrary library, nint pages, int lengthBytes, uint start)
    {
        _library = library;
        _state = NativeMemory.AllocZeroed(library.Size());
        library.Make(_state, (void*)pages, (uint)lengthBytes, start);
    }

    public uint SlotCount => _library.Slots(_state);

    public uint FreeSlots => _library.Free(_state);

    public uint Unanswered => _library.Unanswered(_state);

    public void PutRequest(byte* slot) => _library.PutRequest(_state, slot);

    public bool PushRequests() => _library.PushRequests(_state) != 0;

    public uint TakeRequest(byte* slot) => _library.TakeRequest(_state, slot);

    public bool FinalCheckForRequests() => _library.FinalRequests(_state) != 0;

    public void PutResponse(byte* response) => _library.PutResponse(_state, response);

    public bool PushResponses() => _library.PushResponses(_state) != 0;

    public uint TakeResponse(byte* response) => _library.TakeResponse(_state, response);

    public bool FinalCheckForResponses() => _library.FinalResponses(_state) != 0;

    public void Dispose() => NativeMemory.Free(_state);
}
