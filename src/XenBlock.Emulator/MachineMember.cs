using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using XenBlock.Hypervisor;
using XenBlock.Native;
using XenBlock.Protocol;
using XenBlock.XenStore;

namespace XenBlock.Emulator;

/// <summary>A joined process's end of its connection to the host, and the memory that it has got from there.</summary>
internal sealed class MachineMember : IMemoryDirectory, IDisposable
{
    private const int TimeoutUs = 5_000_000;

    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly Socket _socket;
    private MachineMemory? _memory;
    private DomainMemory?[] _known = [];

    private MachineMember(string path, Socket socket)
    {
        _path = path;
        _socket = socket;
    }

    /// <summary>Joins the machine at a path.</summary>
    internal static EmulatedDomain Join(string path, DomainId? domain, EmulatedDomainOptions options, TimeProvider time)
    {
        MachineMember member = new(path, Connect(path));
        try
        {
            return member.Join(domain, options, time);
        }
        catch
        {
            member.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public DomainMemory? Find(int slot)
    {
        DomainMemory? known = _known[slot];
        if (known is not null && known.Generation == _memory!.GenerationOf(slot))
            return known;
        lock (_gate)
        {
            known = _known[slot];
            if (known is not null && known.Generation == _memory!.GenerationOf(slot))
                return known;
            if (!TryAskForMemory(slot, out JoinReply reply, out int[] descriptors))
                return null;
            known?.File.Dispose();
            known = DomainMemory.Map(
                new SafeFileHandle(descriptors[0], ownsHandle: true), reply.MemoryBytes, reply.Generation);
            _known[slot] = known;
            return known;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private static Socket Connect(string path)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return socket;
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            socket.Dispose();
            int errno = (exception as SocketException)?.NativeErrorCode ?? Errno.EINVAL;
            throw new XenBlockException(
                errno is Errno.EACCES or Errno.EPERM ? XenBlockErrorKind.PermissionDenied : XenBlockErrorKind.NotFound,
                errno switch
                {
                    Errno.EACCES or Errno.EPERM =>
                        $"The machine at '{path}' is another user's. Become that user, or start a machine of your own.",
                    Errno.ECONNREFUSED =>
                        $"Nobody listens at '{path}' any more: that machine is gone. Start it again.",
                    Errno.ENOENT => $"There is no machine at '{path}'. Start one there first, or name its socket.",
                    _ => $"There is no machine at '{path}': {exception.Message}. Name the socket of one that runs.",
                },
                errno,
                exception);
        }
    }

    private EmulatedDomain Join(DomainId? domain, EmulatedDomainOptions options, TimeProvider time)
    {
        JoinRequest request = new(
            JoinOperation.Join, domain?.Value ?? JoinRequest.AnyDomain, options.MemoryBytes);
        JoinReply reply = Ask(request, out int[] descriptors, "join");
        if (reply.Error is { } kind)
            throw new XenBlockException(kind, reply.Text);
        if (descriptors.Length != 3)
            throw Gone("it sent no memory");
        MachineLayout layout = new(
            reply.DomainsMax, reply.GrantEntriesMax, reply.MaptrackEntriesMax, reply.EventChannelsMax);
        Socket storeSocket = new(new SafeSocketHandle(descriptors[2], ownsHandle: true));
        try
        {
            _known = new DomainMemory?[layout.DomainsMax];
            _memory = MachineMemory.Map(layout, new SafeFileHandle(descriptors[0], ownsHandle: true));
            DomainMemory own = DomainMemory.Map(
                new SafeFileHandle(descriptors[1], ownsHandle: true), reply.MemoryBytes, reply.Generation);
            _known[reply.Slot] = own;
            DomainPlace place = new(
                _memory,
                reply.Slot,
                new(reply.Domain),
                own,
                options.Mapping ?? reply.Mapping,
                options.Fence ?? reply.Fence);
            XenStoreClient store = new(new NetworkStream(storeSocket, ownsSocket: true));
            EmulatedDomain joined = new(place, this, store, time, LeaveAsync);
            WatchHost(joined, store);
            return joined;
        }
        catch
        {
            storeSocket.Dispose();
            throw;
        }
    }

    // The host's end of the XenStore connection closes when the host does, so that needs no connection of its own.
    private void WatchHost(EmulatedDomain joined, XenStoreClient store) => _ = store.Disconnected.ContinueWith(
        lost => joined.TellMachineGone(
            $"The machine at '{_path}' is gone ({lost.Result.TrimEnd('.')}). Start it again, and join."),
        CancellationToken.None,
        TaskContinuationOptions.None,
        TaskScheduler.Default);

    // A machine that is gone has no domains: the data path gets a status, not an exception.
    private bool TryAskForMemory(int slot, out JoinReply reply, out int[] descriptors)
    {
        try
        {
            reply = Ask(
                new JoinRequest(JoinOperation.FindMemory, (uint)slot, 0), out descriptors, "find a domain's memory");
            return reply.Error is null && descriptors.Length == 1;
        }
        catch (XenBlockException)
        {
            reply = new();
            descriptors = [];
            return false;
        }
    }

    private ValueTask LeaveAsync()
    {
        try
        {
            lock (_gate)
                _ = Ask(new JoinRequest(JoinOperation.Leave, 0, 0), out _, "leave");
        }
        catch (XenBlockException)
        {
            // The host is gone, or will see the end of the connection: either way we have left.
        }

        Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Asks the host; one question at a time.</summary>
    private JoinReply Ask(JoinRequest request, out int[] descriptors, string what)
    {
        Span<byte> question = stackalloc byte[JoinRequest.SizeBytes];
        request.Write(question);
        Span<byte> answer = stackalloc byte[JoinReply.SizeBytes];
        Span<int> numbers = stackalloc int[DescriptorPassing.DescriptorsMax];
        int count = 0;
        int done = 0;
        try
        {
            _ = _socket.Send(question);
            while (done < answer.Length)
            {
                if (!_socket.Poll(TimeoutUs, SelectMode.SelectRead))
                    throw Gone($"it did not answer within {TimeoutUs / 1_000_000} s");
                int errno = DescriptorPassing.Receive(
                    _socket.SafeHandle, answer[done..], out int received, numbers[count..], out int more);
                if (errno == Errno.EAGAIN)
                    continue;
                if (errno != 0 || received == 0)
                    throw Gone($"it went away when we asked it to {what}");
                count += more;
                done += received;
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            throw Gone(exception.Message);
        }

        descriptors = numbers[..count].ToArray();
        return JoinReply.Read(answer);
    }

    private XenBlockException Gone(string why) => new(
        XenBlockErrorKind.MachineGone, $"The machine at '{_path}' is gone: {why}. Start it again, and join.");
}
