using System.Threading.Channels;
using XenBlock.Protocol;

namespace XenBlock.XenStore;

/// <summary>
/// The shell around one connection: a task that reads requests and one that writes what waits. A client that does not
/// read stops its own reader after a few requests, and nobody else.
/// </summary>
internal sealed class StoreConnection : IDisposable
{
    private readonly Stream _stream;
    private readonly StoreCore _core;
    private readonly Lock _coreLock;
    private readonly StoreSession _session;
    private readonly SemaphoreSlim _answerRoom;
    private readonly CancellationTokenSource _closing = new();
    private readonly Channel<bool> _somethingWaits = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    /// <summary>Connects; <see cref="RunAsync"/> serves.</summary>
    public StoreConnection(
        Stream stream, DomainId domain, StoreCore core, Lock coreLock, int requestsOutstandingMax)
    {
        _stream = stream;
        _core = core;
        _coreLock = coreLock;
        _answerRoom = new SemaphoreSlim(requestsOutstandingMax);
        Domain = domain;
        lock (_coreLock) _session = _core.Connect(domain, () => _somethingWaits.Writer.TryWrite(true));
    }

    /// <summary>The domain at the other end.</summary>
    public DomainId Domain { get; }

    /// <summary>Serves until the client goes, breaks the protocol, or <see cref="Dispose"/>; never faults.</summary>
    public async Task RunAsync()
    {
        Task writing = WriteAllAsync();
        try
        {
            await ReadAllAsync();
        }
        catch (Exception exception) when (IsEndOfConnection(exception))
        {
        }
        finally
        {
            lock (_coreLock) _core.Disconnect(_session);
            // What was answered before the client closed its sending side still goes out, if it is taken.
            _somethingWaits.Writer.TryComplete();
            await Task.WhenAny(writing, Task.Delay(TimeSpan.FromSeconds(1), _closing.Token));
            await _closing.CancelAsync();
            await _stream.DisposeAsync();
            await writing;
        }
    }

    /// <summary>Ends the connection; <see cref="RunAsync"/> returns soon.</summary>
    public void Dispose() => _closing.Cancel();

    private static bool IsEndOfConnection(Exception exception) =>
        exception is IOException or OperationCanceledException or ObjectDisposedException;

    private async Task ReadAllAsync()
    {
        var packets = new XsPacketReader();
        var buffer = new byte[XsHeader.SizeBytes + XsHeader.PayloadMaxBytes];
        var requests = new List<XsPacket>();
        while (true)
        {
            int count = await _stream.ReadAsync(buffer, _closing.Token);
            if (count == 0) return;
            Split(packets, buffer.AsSpan(0, count), requests);
            foreach (XsPacket request in requests)
            {
                await _answerRoom.WaitAsync(_closing.Token);
                lock (_coreLock) _core.Handle(_session, request);
            }

            requests.Clear();
            if (packets.OversizeBytes is not null) return;
        }
    }

    private static void Split(XsPacketReader packets, ReadOnlySpan<byte> bytes, List<XsPacket> requests)
    {
        while (packets.TryRead(ref bytes, out XsPacket packet)) requests.Add(packet);
    }

    private async Task WriteAllAsync()
    {
        try
        {
            while (await _somethingWaits.Reader.WaitToReadAsync(_closing.Token))
            {
                _somethingWaits.Reader.TryRead(out _);
                await WriteWaitingAsync();
            }
        }
        catch (Exception exception) when (IsEndOfConnection(exception))
        {
            await _closing.CancelAsync(); // nobody reads what we write: stop reading as well
        }
    }

    private async Task WriteWaitingAsync()
    {
        while (true)
        {
            XsPacket packet;
            bool isAnswer;
            lock (_coreLock)
            {
                if (!_session.TryTake(out packet, out isAnswer)) return;
            }

            await _stream.WriteAsync(packet.ToBytes(), _closing.Token);
            if (isAnswer) _answerRoom.Release();
        }
    }
}
