using System.Net.Sockets;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.XenStore;

/// <summary>
/// A XenStore of our own: what xenstored is on a real machine. Serves clients in this process, on unix sockets, and on
/// any stream whose far end is a domain. Safe for concurrent calls.
/// </summary>
public sealed class XenStoreServer : IAsyncDisposable
{
    private readonly StoreQuota _quota;
    private readonly StoreCore _core;
    private readonly Lock _coreLock = new();
    private readonly Lock _listLock = new();
    private readonly Dictionary<StoreConnection, Task> _connections = [];
    private readonly List<(Socket Listener, string Path, Task Accepting)> _listeners = [];
    private bool _isDisposed;

    /// <summary>A store with dom0 in it.</summary>
    /// <param name="quota">What one unprivileged domain may use; null for xenstored's defaults.</param>
    public XenStoreServer(StoreQuota? quota = null)
    {
        _quota = quota ?? new StoreQuota();
        _core = new StoreCore(_quota);
        _core.MakeHome(DomainId.Zero);
    }

    /// <summary>Connections that stand.</summary>
    public int ConnectionCount
    {
        get
        {
            lock (_coreLock) return _core.SessionCount;
        }
    }

    /// <summary>Answers and events that wait to be sent: bounded, whatever the clients do.</summary>
    internal int MessagesWaiting
    {
        get
        {
            lock (_coreLock) return _core.MessagesWaiting;
        }
    }

    /// <summary>A connection from this process, as <paramref name="domain"/>.</summary>
    public IXenStore ConnectInProcess(DomainId domain)
    {
        (Stream near, Stream far) = MemoryDuplex.CreatePair();
        Serve(far, domain);
        return new XenStoreClient(near);
    }

    /// <summary>Serves whoever is at the far end of a stream, and disposes of the stream when that is over.</summary>
    /// <param name="stream">Both directions; split and coalesced as it likes.</param>
    /// <param name="domain">Who the far end is: its rights.</param>
    public void Serve(Stream stream, DomainId domain)
    {
        var connection = new StoreConnection(stream, domain, _core, _coreLock, _quota.RequestsOutstandingMax);
        lock (_listLock)
        {
            if (_isDisposed) connection.Dispose();
            _connections.Add(connection, Task.Run(async () =>
            {
                await connection.RunAsync();
                lock (_listLock) _connections.Remove(connection);
            }));
        }
    }

    /// <summary>Serves whoever is at the far end of a socket.</summary>
    public void Serve(Socket socket, DomainId domain) => Serve(new NetworkStream(socket, ownsSocket: true), domain);

    /// <summary>
    /// Listens on a unix socket that only this user may open. Everybody who connects is <paramref name="domain"/>:
    /// dom0 if nothing is said, as with xenstored's own socket. The socket goes with the server.
    /// </summary>
    /// <exception cref="XenBlockException">The path is taken, too long, or its directory is missing.</exception>
    public void ListenUnix(string path, DomainId domain = default)
    {
        Socket listener = UnixListener.Open(path);
        lock (_listLock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _listeners.Add((listener, path, AcceptAllAsync(listener, domain)));
        }
    }

    /// <summary>
    /// A domain is there: makes its directory, as a toolstack does, if it is missing, and tells the watches of
    /// @introduceDomain the first time.
    /// </summary>
    public void IntroduceDomain(DomainId domain)
    {
        lock (_coreLock)
        {
            _core.MakeHome(domain);
            _core.Introduce(domain);
        }
    }

    /// <summary>
    /// A domain is gone: its connections end, its watches and transactions with them, and the watches of
    /// @releaseDomain are told. Its nodes stay: they are the toolstack's to remove.
    /// </summary>
    public void ReleaseDomain(DomainId domain)
    {
        StoreConnection[] connections;
        lock (_listLock) connections = [.. _connections.Keys];
        foreach (StoreConnection connection in connections) // not under the lock: what is cancelled may run right here
        {
            if (connection.Domain == domain) connection.Dispose();
        }

        lock (_coreLock) _core.Release(domain);
    }

    /// <summary>Ends every connection and removes the sockets.</summary>
    public async ValueTask DisposeAsync()
    {
        StoreConnection[] connections;
        Task[] running;
        lock (_listLock)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            connections = [.. _connections.Keys];
            foreach ((Socket listener, string path, _) in _listeners)
            {
                listener.Dispose();
                File.Delete(path);
            }

            running = [.. _connections.Values, .. _listeners.Select(static listener => listener.Accepting)];
        }

        foreach (StoreConnection connection in connections) connection.Dispose();
        await Task.WhenAll(running);
    }

    private async Task AcceptAllAsync(Socket listener, DomainId domain)
    {
        while (true)
        {
            try
            {
                Serve(await listener.AcceptAsync(), domain);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                lock (_listLock)
                {
                    if (_isDisposed) return;
                }

                // Out of descriptors, or a client that left while it waited: the next one may do better.
                await Task.Delay(TimeSpan.FromMilliseconds(20));
            }
        }
    }
}
