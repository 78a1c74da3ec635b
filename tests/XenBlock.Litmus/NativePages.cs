using System.Runtime.InteropServices;
using XenBlock.SharedMemory;

namespace XenBlock.Litmus;

/// <summary>Memory outside the collector's heap, on a page boundary, as shared pages are.</summary>
internal sealed class NativePages : IDisposable
{
    private readonly nint _block;

    public NativePages()
    {
        _block = Marshal.AllocHGlobal(3 * 4096);
        View = new SharedPages((_block + 4095) & ~4095, 4096);
        View.Clear(0, View.LengthBytes);
    }

    public SharedPages View { get; }

    public void Dispose() => Marshal.FreeHGlobal(_block);
}
