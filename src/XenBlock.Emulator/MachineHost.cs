using System.Net.Sockets;
using System.Runtime.InteropServices;
using XenBlock.Hypervisor;
using XenBlock.Native;
using XenBlock.Protocol;
using XenBlock.XenStore;

namespace XenBlock.Emulator;

/// <summary>
/// The host's end of the sockets that other processes join by: one connection a process, one domain a connection. The
/// end of the connection, by whatever cause, is the end of the domain.
/// </summary>
internal sealed class MachineHost(
    EmulatedMachineOptions options, MachineMemory memory, SlotRegistry slots, XenStoreServer store)
{
    private readonly Lock _gate = new();
    private readonly List<(Socket Listener, string Path)> _listeners = [];
    private readonly HashSet<Socket> _members = [];
    private readonly List<Task> _running = [];
    private bool _closed;

    /// <summary>Lets processes join at a path.</summary>
    internal void Listen(string path)
    {
        Socket listener = UnixListener.Open(path);
        lock (_gate)
        {
            _listeners.Add((listener, path));
            _running.Add(AcceptAllAsync(listener));
        }
    }

    /// <summary>Ends all connections and removes the sockets.</summary>
    internal async Task CloseAsync()
    {
        Task[] running;
        lock (_gate)
        {
            _closed = true;
            foreach ((Socket listener, string path) in _listeners)
            {
                listener.Dispose();
                File.Delete(path);
            }

            foreach (Socket member in _members)
                member.Dispose();
            running = [.. _running];
        }

        await Task.WhenAll(running);
    }

    private async Task AcceptAllAsync(Socket listener)
    {
        while (true)
        {
            try
            {
                Socket member = await listener.AcceptAsync();
                lock (_gate)
                {
                    if (_closed)
                    {
                        member.Dispose();
                        return;
                    }

                    _ = _members.Add(member);
                    _ = _running.RemoveAll(static task => task.IsCompleted);
                    _running.Add(Task.Run(() => ServeAsync(member)));
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                lock (_gate)
                {
                    if (_closed)
                        return;
                }

                // Out of descriptors, or a process that left while it waited: the next one may do better.
                await Task.Delay(TimeSpan.FromMilliseconds(20));
            }
        }
    }

    private async Task ServeAsync(Socket member)
    {
        byte[] request = new byte[JoinRequest.SizeBytes];
        (int Slot, DomainId Domain)? joined = null;
        try
        {
            while (await ReceiveAllAsync(member, request))
            {
                if (!JoinRequest.TryRead(request, out JoinRequest asked))
                {
                    Answer(member, Refusal(new XenBlockException(
                        XenBlockErrorKind.NotSupported,
                        "The machine was made by another version of XenBlock. Use the same version on both sides.")));
                    return;
                }

                if (!Serve(member, asked, ref joined))
                    return;
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // A process that goes without a word is what this is made for.
        }
        finally
        {
            Release(joined, isPreserved: options.PreservesCrashed);
            lock (_gate)
                _ = _members.Remove(member);
            member.Dispose();
        }
    }

    private bool Serve(Socket member, JoinRequest asked, ref (int Slot, DomainId Domain)? joined)
    {
        try
        {
            switch (asked.Operation)
            {
                case JoinOperation.Join when joined is null:
                    return Join(member, asked, out joined);
                case JoinOperation.FindMemory when joined is not null:
                    return SendMemory(member, asked.Argument);
                case JoinOperation.Leave:
                    Release(joined);
                    joined = null;
                    return Answer(member, new JoinReply());
                default:
                    return false;
            }
        }
        catch (XenBlockException refused)
        {
            return Answer(member, Refusal(refused));
        }
    }

    private bool Join(Socket member, JoinRequest asked, out (int Slot, DomainId Domain)? joined)
    {
        joined = null;
        DomainId? wanted = asked.Argument == JoinRequest.AnyDomain
            ? null
            : new DomainId((ushort)Math.Min(asked.Argument, ushort.MaxValue));
        (int slot, DomainId domain, DomainMemory own) = slots.Claim(wanted, asked.MemoryBytes);
        joined = (slot, domain);
        int errno = DescriptorPassing.CreatePair(out Socket? near, out Socket? far);
        if (errno != 0)
        {
            Release(joined);
            joined = null;
            throw new XenBlockException(
                XenBlockErrorKind.NoSpace, $"The machine has no descriptors left: {Errno.Describe(errno)}.", errno);
        }

        using (far)
        {
            store.IntroduceDomain(domain);
            store.Serve(near!, domain);
            JoinReply reply = new()
            {
                Slot = slot,
                Domain = domain.Value,
                Generation = own.Generation,
                MemoryBytes = own.LengthBytes,
                DomainsMax = options.DomainsMax,
                GrantEntriesMax = options.GrantEntriesMax,
                MaptrackEntriesMax = options.MaptrackEntriesMax,
                EventChannelsMax = options.EventChannelsMax,
                Mapping = options.Mapping,
                Fence = options.Fence,
            };
            return Answer(member, reply, memory.File, own.File, far!.SafeHandle);
        }
    }

    private bool SendMemory(Socket member, uint slot)
    {
        DomainMemory? found = slot < (uint)memory.Layout.DomainsMax ? slots.Find((int)slot) : null;
        return found is null
            ? Answer(member, Refusal(new(XenBlockErrorKind.NotFound, "That domain is gone.")))
            : Answer(
                member, new() { Generation = found.Generation, MemoryBytes = found.LengthBytes }, found.File);
    }

    private void Release((int Slot, DomainId Domain)? joined, bool isPreserved = false)
    {
        if (joined is not { } domain)
            return;
        slots.Release(domain.Slot, domain.Domain, isPreserved);
        store.ReleaseDomain(domain.Domain);
    }

    private static JoinReply Refusal(XenBlockException why) => new() { Error = why.Kind, Text = why.Message };

    private static bool Answer(Socket member, JoinReply reply, params ReadOnlySpan<SafeHandle> descriptors)
    {
        Span<byte> content = stackalloc byte[JoinReply.SizeBytes];
        reply.Write(content);
        return DescriptorPassing.Send(member.SafeHandle, content, descriptors) == 0;
    }

    private static async Task<bool> ReceiveAllAsync(Socket socket, Memory<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int received = await socket.ReceiveAsync(destination);
            if (received == 0)
                return false;
            destination = destination[received..];
        }

        return true;
    }
}
