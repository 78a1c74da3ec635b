using XenBlock.Hypervisor;

namespace XenBlock.Tests.Conformance;

/// <summary>A thread that waits for an event; it has begun, and in all likelihood sleeps.</summary>
internal sealed class Waiter : IDisposable
{
    private readonly Thread _thread;
    private bool _result;

    internal Waiter(IEventChannel channel, TimeSpan timeout)
    {
        using ManualResetEventSlim begun = new();
        _thread = new Thread(() =>
        {
            begun.Set();
            _result = channel.Wait(timeout);
        });
        _thread.Start();

        // A test is right whether the thread sleeps already or not; but the case of interest is that it does.
        begun.Wait();
    }

    public void Dispose() => _thread.Join();

    /// <summary>What the wait returned.</summary>
    internal bool Result()
    {
        _thread.Join();
        return _result;
    }
}
