using XenBlock.XenStore;

namespace XenBlock.Tests.XenStore;

/// <summary>The far end of a client under test: takes its requests, and says whatever a test wants.</summary>
internal sealed class ScriptedPeer : IAsyncDisposable
{
    private readonly Stream _far;
    private readonly XsPacketReader _reader = new();
    private readonly Queue<XsPacket> _requests = new();

    public ScriptedPeer(bool isOneAtATime = false)
    {
        (Stream near, _far) = MemoryDuplex.CreatePair();
        Client = new XenStoreClient(near, isOneAtATime);
    }

    public XenStoreClient Client { get; }

    public async Task<XsPacket> TakeAsync()
    {
        var buffer = new byte[8192];
        while (_requests.Count == 0)
        {
            int count = await _far.ReadAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(10));
            if (count == 0) throw new EndOfStreamException("The client left.");
            Split(buffer.AsSpan(0, count));
        }

        return _requests.Dequeue();
    }

    /// <summary>Answers a request well.</summary>
    public Task AnswerAsync(XsPacket request, string text) => SayAsync(request.Operation, request.RequestId, text);

    /// <summary>Answers a request with an error.</summary>
    public Task FailAsync(XsPacket request, string error) =>
        SayAsync(XsOperation.Error, request.RequestId, error + "|");

    public Task SayAsync(XsOperation operation, uint requestId, string text) =>
        SayAsync(new XsPacket(
            operation, requestId, 0, System.Text.Encoding.Latin1.GetBytes(text.Replace('|', '\0'))).ToBytes());

    public async Task SayAsync(ReadOnlyMemory<byte> bytes) => await _far.WriteAsync(bytes);

    public void Leave() => _far.Dispose();

    public async ValueTask DisposeAsync()
    {
        await _far.DisposeAsync();
        await Client.DisposeAsync();
    }

    private void Split(ReadOnlySpan<byte> bytes)
    {
        while (_reader.TryRead(ref bytes, out XsPacket packet)) _requests.Enqueue(packet);
    }
}
