using System.Runtime.InteropServices;

namespace XenBlock.Tests.Oracle;

/// <summary>The functions of ring_oracle.c, compiled and loaded once for all tests.</summary>
public sealed unsafe class XenRingLibrary : IDisposable
{
    private readonly nint _handle;

    public XenRingLibrary()
    {
        if (CCompiler.Missing() is not null) return; // the tests skip, each with the reason
        using Stream stream = typeof(XenRingLibrary).Assembly.GetManifestResourceStream("ring_oracle.c")!;
        using var reader = new StreamReader(stream);
        string path = CCompiler.BuildLibrary(reader.ReadToEnd());
        _handle = NativeLibrary.Load(path);
        File.Delete(path); // stays mapped
        Size = (delegate* unmanaged<uint>)Export("oracle_size");
        Make = (delegate* unmanaged<void*, void*, uint, uint, void>)Export("oracle_make");
        Slots = (delegate* unmanaged[SuppressGCTransition]<void*, uint>)Export("oracle_slots");
        Free = (delegate* unmanaged[SuppressGCTransition]<void*, uint>)Export("oracle_free");
        Unanswered = (delegate* unmanaged[SuppressGCTransition]<void*, uint>)Export("oracle_unanswered");
        PutRequest = (delegate* unmanaged[SuppressGCTransition]<void*, void*, void>)Export("oracle_put_request");
        PushRequests = (delegate* unmanaged[SuppressGCTransition]<void*, uint>)Export("oracle_push_requests");
        TakeRequest = (delegate* unmanaged[SuppressGCTransition]<void*, void*, uint>)Export("oracle_take_request");
        FinalRequests = (delegate* unmanaged[SuppressGCTransition]<void*, uint>)Export("oracle_final_requests");
        PutResponse = (delegate* unmanaged[SuppressGCTransition]<void*, void*, void>)Export("oracle_put_response");
        PushResponses = (delegate* unmanaged[SuppressGCTransition]<void*, uint>)Export("oracle_push_responses");
        TakeResponse = (delegate* unmanaged[SuppressGCTransition]<void*, void*, uint>)Export("oracle_take_response");
        FinalResponses = (delegate* unmanaged[SuppressGCTransition]<void*, uint>)Export("oracle_final_responses");
    }

    internal delegate* unmanaged<uint> Size { get; }

    internal delegate* unmanaged<void*, void*, uint, uint, void> Make { get; }

    internal delegate* unmanaged[SuppressGCTransition]<void*, uint> Slots { get; }

    internal delegate* unmanaged[SuppressGCTransition]<void*, uint> Free { get; }

    internal delegate* unmanaged[SuppressGCTransition]<void*, uint> Unanswered { get; }

    internal delegate* unmanaged[SuppressGCTransition]<void*, void*, void> PutRequest { get; }

    internal delegate* unmanaged[SuppressGCTransition]<void*, uint> PushRequests { get; }

    internal delegate* unmanaged[SuppressGCTransition]<void*, void*, uint> TakeRequest { get; }

    internal delegate* unmanaged[SuppressGCTransition]<void*, uint> FinalRequests { get; }

    internal delegate* unmanaged[SuppressGCTransition]<void*, void*, void> PutResponse { get; }

    internal delegate* unmanaged[SuppressGCTransition]<void*, uint> PushResponses { get; }

    internal delegate* unmanaged[SuppressGCTransition]<void*, void*, uint> TakeResponse { get; }

    internal delegate* unmanaged[SuppressGCTransition]<void*, uint> FinalResponses { get; }

    public void Dispose()
    {
        if (_handle != 0) NativeLibrary.Free(_handle);
    }

    private nint Export(string name) => NativeLibrary.GetExport(_handle, name);
}
