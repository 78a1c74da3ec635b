using System.Net.Sockets;
using System.Text;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.XenStore;

/// <summary>
/// A client of XenStore over any stream: our own server, xenstored's socket, or /dev/xen/xenbus. Concurrent calls share
/// the stream; answers find their calls by number, events their watches by token.
/// </summary>
public sealed partial class XenStoreClient : IXenStore
{
    /// <summary>How often a transaction is run before its conflicts become an error.</summary>
    public const int TransactionTriesMax = 100;

    private readonly Stream _stream;
    private readonly bool _isOneAtATime;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Dictionary<uint, Call> _calls = [];
    private readonly Dictionary<string, XenStoreWatch> _watches = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource<string> _disconnected =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private uint _lastId;
    private string? _lost;

    /// <summary>Speaks over a stream, and owns it.</summary>
    /// <param name="stream">Both directions.</param>
    /// <param name="isOneAtATime">
    /// True to send a message only when the one before it has been answered: Linux's /dev/xen/xenbus needs that.
    /// </param>
    public XenStoreClient(Stream stream, bool isOneAtATime = false)
    {
        _stream = stream;
        _isOneAtATime = isOneAtATime;
        _reading = Task.Run(ReadAllAsync);
    }

    /// <inheritdoc/>
    public Task<string> Disconnected => _disconnected.Task;

    /// <summary>Connects to a server's unix socket, as /var/run/xenstored/socket.</summary>
    /// <exception cref="XenBlockException">Nobody listens there.</exception>
    public static async Task<XenStoreClient> ConnectAsync(
        string socketPath, CancellationToken cancellationToken = default)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken);
            return new XenStoreClient(new NetworkStream(socket, ownsSocket: true));
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            socket.Dispose();
            throw new XenBlockException(
                XenBlockErrorKind.NotFound,
                $"No XenStore answers at '{socketPath}': {exception.Message}; start one, or name another socket.",
                (exception as SocketException)?.NativeErrorCode ?? 0,
                exception);
        }
    }

    /// <inheritdoc/>
    public Task<string?> ReadAsync(string path, CancellationToken cancellationToken = default) =>
        new XenStoreAccess(this, 0).ReadAsync(path, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>?> ListAsync(string path, CancellationToken cancellationToken = default) =>
        new XenStoreAccess(this, 0).ListAsync(path, cancellationToken);

    /// <inheritdoc/>
    public Task WriteAsync(string path, string value, CancellationToken cancellationToken = default) =>
        new XenStoreAccess(this, 0).WriteAsync(path, value, cancellationToken);

    /// <inheritdoc/>
    public Task MakeDirectoryAsync(string path, CancellationToken cancellationToken = default) =>
        new XenStoreAccess(this, 0).MakeDirectoryAsync(path, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> RemoveAsync(string path, CancellationToken cancellationToken = default) =>
        new XenStoreAccess(this, 0).RemoveAsync(path, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>?> GetPermissionsAsync(
        string path, CancellationToken cancellationToken = default) =>
        new XenStoreAccess(this, 0).GetPermissionsAsync(path, cancellationToken);

    /// <inheritdoc/>
    public Task SetPermissionsAsync(
        string path, IReadOnlyList<string> permissions, CancellationToken cancellationToken = default) =>
        new XenStoreAccess(this, 0).SetPermissionsAsync(path, permissions, cancellationToken);

    /// <inheritdoc/>
    public async Task<string> GetDomainPathAsync(DomainId domain, CancellationToken cancellationToken = default)
    {
        byte[] question = XsPacket.Strings($"{domain.Value}");
        XsPacket answer = await CallAsync(XsOperation.GetDomainPath, 0, question, cancellationToken);
        return TextOf(ThrowIfError(answer, $"tell the directory of domain {domain.Value}"));
    }

    /// <inheritdoc/>
    public async Task TransactAsync(
        Func<IXenStoreAccess, Task> body, CancellationToken cancellationToken = default)
    {
        const string Doing = "run a transaction";
        for (int tries = 1; ; tries++)
        {
            uint id = await StartTransactionAsync(cancellationToken);
            bool isDone = false;
            try
            {
                await body(new XenStoreAccess(this, id));
                isDone = true;
            }
            finally
            {
                if (!isDone) await AbortAsync(id);
            }

            // Once it is sent, the commit's outcome must be known: no giving up here.
            XsPacket answer = await CallAsync(
                XsOperation.TransactionEnd, id, "T\0"u8.ToArray(), CancellationToken.None);
            XsError error = ErrorOf(answer);
            if (error == XsError.None) return;
            if (error != XsError.EAGAIN || tries == TransactionTriesMax) throw XenStoreFailure.Of(error, Doing);
            if (tries > 3) await Task.Delay(Math.Min(tries, 20), cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async Task<IXenStoreWatch> WatchAsync(string path, CancellationToken cancellationToken = default)
    {
        XenStoreAccess.CheckPath(path, "watch");
        XenStoreWatch watch;
        lock (_lock)
        {
            watch = new XenStoreWatch(this, path, $"w{unchecked(++_lastId)}");
            _watches.Add(watch.Token, watch);
        }

        try
        {
            XsPacket answer = await CallAsync(
                XsOperation.Watch, 0, XsPacket.Strings(path, watch.Token), cancellationToken);
            ThrowIfError(answer, $"watch '{path}'");
            return watch;
        }
        catch
        {
            // Whether or not the server knows it by now: if it does, it forgets it.
            await watch.DisposeAsync();
            throw;
        }
    }

    /// <summary>Leaves: calls that wait fail, watches end.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _stream.DisposeAsync();
        await _reading;
    }

    /// <summary>Takes a watch away; without a connection there is nothing to take.</summary>
    internal async Task UnwatchAsync(XenStoreWatch watch)
    {
        lock (_lock)
        {
            if (!_watches.Remove(watch.Token) || _lost is not null) return;
        }

        try
        {
            byte[] question = XsPacket.Strings(watch.Path, watch.Token);
            await CallAsync(XsOperation.Unwatch, 0, question, CancellationToken.None);
        }
        catch (XenBlockException)
        {
            // The connection went meanwhile, and the watch with it.
        }
    }

    private async Task<uint> StartTransactionAsync(CancellationToken cancellationToken)
    {
        Task<XsPacket> starting = CallAsync(XsOperation.TransactionStart, 0, new byte[1], CancellationToken.None);
        try
        {
            string number = TextOf(ThrowIfError(await starting.WaitAsync(cancellationToken), "start a transaction"));
            return uint.TryParse(number, out uint id) && id != 0
                ? id
                : throw new XenBlockException(
                    XenBlockErrorKind.PeerViolation, $"XenStore named a transaction '{number}', not a number.");
        }
        catch (OperationCanceledException)
        {
            _ = AbortWhenStartedAsync(starting); // else it would stay open, and count against the quota
            throw;
        }
    }

    private async Task AbortWhenStartedAsync(Task<XsPacket> starting)
    {
        try
        {
            if (uint.TryParse(TextOf((await starting).Payload), out uint id)) await AbortAsync(id);
        }
        catch (XenBlockException)
        {
            // The connection went, and the transaction with it.
        }
    }

    private async Task AbortAsync(uint transactionId)
    {
        try
        {
            await CallAsync(XsOperation.TransactionEnd, transactionId, "F\0"u8.ToArray(), CancellationToken.None);
        }
        catch (XenBlockException)
        {
            // The connection went, and the transaction with it; what made us abort is the better message.
        }
    }

    private static string TextOf(ReadOnlyMemory<byte> payload) =>
        Encoding.UTF8.GetString(payload.Span.TrimEnd((byte)0));
}
