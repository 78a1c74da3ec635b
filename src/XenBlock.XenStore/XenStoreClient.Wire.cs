using XenBlock.Hypervisor;

namespace XenBlock.XenStore;

/// <content>Messages: out by any caller, in by one task.</content>
public sealed partial class XenStoreClient
{
    /// <summary>Asks, and waits for the answer.</summary>
    /// <exception cref="XenBlockException">The connection is lost.</exception>
    internal async Task<XsPacket> CallAsync(
        XsOperation operation, uint transactionId, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        var call = new Call(operation);
        uint id;
        bool isSent = false;
        await _writing.WaitAsync(cancellationToken);
        try
        {
            lock (_lock)
            {
                if (_lost is not null) throw XenStoreFailure.Lost(_lost);
                do
                {
                    id = unchecked(++_lastId);
                }
                while (id == 0 || !_calls.TryAdd(id, call));
            }

            // Half a message would spoil the stream for everybody: from here on only the connection's end stops it.
            var request = new XsPacket(operation, id, transactionId, payload);
            await _stream.WriteAsync(request.ToBytes(), _closing.Token);
            await _stream.FlushAsync(_closing.Token);
            isSent = true;
        }
        catch (Exception exception) when (IsEndOfConnection(exception))
        {
            Lose(_closing.IsCancellationRequested ? "it was closed here." : exception.Message);
            throw XenStoreFailure.Lost(exception.Message);
        }
        finally
        {
            // Whether or not its caller still waits, the answer is what lets the next message go.
            if (_isOneAtATime && isSent)
                _ = ReleaseAfterAsync(call.Answer.Task);
            else
                _writing.Release();
        }

        return await call.Answer.Task.WaitAsync(cancellationToken);
    }

    /// <summary>The error that an answer names, or none.</summary>
    internal static XsError ErrorOf(in XsPacket answer) => answer.Operation != XsOperation.Error
        ? XsError.None
        : Enum.TryParse(TextOf(answer.Payload), out XsError error) && error != XsError.None ? error : XsError.EIO;

    /// <summary>The payload of a good answer.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="doing">What was asked, for the sentence.</param>
    internal static ReadOnlyMemory<byte> ThrowIfError(in XsPacket answer, string doing)
    {
        XsError error = ErrorOf(answer);
        return error == XsError.None ? answer.Payload : throw XenStoreFailure.Of(error, doing);
    }

    private async Task ReleaseAfterAsync(Task answer)
    {
        await answer.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _writing.Release();
    }

    private static bool IsEndOfConnection(Exception exception) =>
        exception is IOException or OperationCanceledException or ObjectDisposedException;

    private async Task ReadAllAsync()
    {
        string reason;
        try
        {
            reason = await ReadUntilEndAsync();
        }
        catch (Exception exception) when (IsEndOfConnection(exception))
        {
            reason = _closing.IsCancellationRequested ? "it was closed here." : exception.Message;
        }

        Lose(reason);
        await _stream.DisposeAsync();
    }

    private async Task<string> ReadUntilEndAsync()
    {
        var packets = new XsPacketReader();
        var buffer = new byte[XsHeader.SizeBytes + XsHeader.PayloadMaxBytes];
        while (true)
        {
            int count = await _stream.ReadAsync(buffer, _closing.Token);
            if (count == 0) return packets.IsMidPacket ? "the server left in mid-message" : "the server left";
            if (Take(packets, buffer.AsSpan(0, count)) is { } violation) return violation;
        }
    }

    private string? Take(XsPacketReader packets, ReadOnlySpan<byte> bytes)
    {
        while (packets.TryRead(ref bytes, out XsPacket packet))
        {
            if ((packet.Operation == XsOperation.WatchEvent ? TakeEvent(packet) : TakeAnswer(packet)) is { } violation)
                return violation;
        }

        return packets.OversizeBytes is { } lengthBytes
            ? $"the server sent a message of {lengthBytes} bytes, more than the protocol allows."
            : null;
    }

    private string? TakeEvent(in XsPacket packet)
    {
        List<string> strings = XsPacket.SplitStrings(packet.Payload.Span);
        if (strings.Count < 2) return "the server sent an event without a token.";
        XenStoreWatch? watch;
        lock (_lock) _watches.TryGetValue(strings[1], out watch);
        watch?.Fire(strings[0]); // none: it was just taken away
        return null;
    }

    private string? TakeAnswer(in XsPacket packet)
    {
        Call? call;
        lock (_lock)
        {
            if (!_calls.TryGetValue(packet.RequestId, out call))
                return $"the server answered request {packet.RequestId}, which was not asked.";
            // A call that is answered wrongly stays where the end of the connection finds it.
            if (packet.Operation != call.Operation && packet.Operation != XsOperation.Error)
                return $"the server answered {call.Operation} with {packet.Operation}.";
            _calls.Remove(packet.RequestId);
        }

        call.Answer.TrySetResult(packet);
        return null;
    }

    private void Lose(string reason)
    {
        Call[] calls;
        XenStoreWatch[] watches;
        lock (_lock)
        {
            if (_lost is not null) return;
            _lost = reason;
            calls = [.. _calls.Values];
            watches = [.. _watches.Values];
            _calls.Clear();
        }

        foreach (Call call in calls) call.Answer.TrySetException(XenStoreFailure.Lost(reason));
        foreach (XenStoreWatch watch in watches) watch.Lose(reason);
        _disconnected.TrySetResult(reason);
    }

    private sealed class Call(XsOperation operation)
    {
        public XsOperation Operation => operation;

        public TaskCompletionSource<XsPacket> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
