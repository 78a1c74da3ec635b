using System.Net.Sockets;

namespace XenBlock.Cli.Serving;

/// <summary>The service manager that may have started us: systemd, by the protocol of sd_notify.</summary>
internal static class ServiceManager
{
    private const string Variable = "NOTIFY_SOCKET";

    /// <summary>Says that every disk can be connected; whoever waits for this unit may go on.</summary>
    public static void SayReady()
    {
        string? path = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(path))
            return;
        try
        {
            // A leading @ stands for the zero byte of an abstract socket.
            string address = path[0] == '@' ? "\0" + path[1..] : path;
            using Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.SendTo("READY=1"u8, new UnixDomainSocketEndPoint(address));
        }
        catch (SocketException)
        {
            // Nobody listens: the manager will say itself that it heard nothing.
        }
    }
}
