using System.Net.Sockets;
using System.Text;
using XenBlock.Hypervisor;

namespace XenBlock.XenStore;

/// <summary>Opens a unix socket to listen on, and says in a sentence why it cannot.</summary>
public static class UnixListener
{
    private const int PathMaxBytes = 107; // sun_path of struct sockaddr_un, less the zero byte

    /// <summary>
    /// Binds and listens; only this user may connect. A socket file that nobody listens on is left over, and is
    /// replaced.
    /// </summary>
    /// <exception cref="XenBlockException">The path is taken, too long, or its directory is missing.</exception>
    public static Socket Open(string path)
    {
        if (Encoding.UTF8.GetByteCount(path) is 0 or > PathMaxBytes)
        {
            throw new XenBlockException(
                XenBlockErrorKind.InvalidArgument,
                $"The socket path '{path}' must have 1 to {PathMaxBytes} bytes; take a shorter one.");
        }

        if (Path.GetDirectoryName(Path.GetFullPath(path)) is not { } directory || !Directory.Exists(directory))
        {
            throw new XenBlockException(
                XenBlockErrorKind.NotFound, $"The directory of the socket '{path}' does not exist; make it first.", 2);
        }

        if (File.Exists(path)) RemoveLeftover(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            // Between bind and listen nobody can connect, so nobody can slip in before the mode is set.
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            socket.Listen();
            return socket;
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new XenBlockException(
                exception.SocketErrorCode == SocketError.AddressAlreadyInUse
                    ? XenBlockErrorKind.InUse
                    : XenBlockErrorKind.PermissionDenied,
                $"Cannot listen on the socket '{path}': {exception.Message}; take another path.",
                exception.NativeErrorCode,
                exception);
        }
    }

    private static void RemoveLeftover(string path)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
        {
            if (IsSocket(path))
            {
                File.Delete(path);
                return;
            }

            throw new XenBlockException(
                XenBlockErrorKind.InUse, $"'{path}' is a file, not a socket; take another path.", 98, exception);
        }
        catch (SocketException exception)
        {
            throw new XenBlockException(
                XenBlockErrorKind.PermissionDenied,
                $"'{path}' exists and cannot be tried: {exception.Message}; take another path.",
                exception.NativeErrorCode,
                exception);
        }

        throw new XenBlockException(
            XenBlockErrorKind.InUse,
            $"The socket '{path}' is in use by another server; stop that one or take another path.",
            98);
    }

    // A socket cannot be opened as a file; anything else can, and for both directions without waiting for a peer.
    private static bool IsSocket(string path)
    {
        try
        {
            using FileStream file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }
}
