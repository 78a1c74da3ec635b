using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace XenBlock.Native;

/// <summary>Bytes together with file descriptors over a unix socket (SCM_RIGHTS, unix(7)).</summary>
public static unsafe class DescriptorPassing
{
    /// <summary>The most descriptors in one message here; Linux would take 253.</summary>
    public const int DescriptorsMax = 4;

    private const int ControlSizeBytes = 16 + (DescriptorsMax * sizeof(int));

    /// <summary>Makes two connected unix stream sockets (socketpair), closed on exec.</summary>
    /// <returns>0 or an errno.</returns>
    public static int CreatePair(out Socket? one, out Socket? other)
    {
        one = null;
        other = null;
        int* pair = stackalloc int[2];
        int errno = Errno.Of(LibcSockets.socketpair(
            LibcSockets.AF_UNIX, LibcSockets.SOCK_STREAM | LibcSockets.SOCK_CLOEXEC, 0, pair));
        if (errno != 0)
            return errno;
        one = new Socket(new SafeSocketHandle(pair[0], ownsHandle: true));
        other = new Socket(new SafeSocketHandle(pair[1], ownsHandle: true));
        return 0;
    }

    /// <summary>Sends bytes and, with the first of them, descriptors.</summary>
    /// <param name="socket">A connected unix stream socket.</param>
    /// <param name="content">At least one byte; short enough for the socket's buffer.</param>
    /// <param name="descriptors">At most <see cref="DescriptorsMax"/>; they stay ours too.</param>
    /// <returns>0 or an errno; EAGAIN if the socket does not block and its buffer is full.</returns>
    public static int Send(SafeSocketHandle socket, ReadOnlySpan<byte> content, ReadOnlySpan<SafeHandle> descriptors)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(descriptors.Length, DescriptorsMax, nameof(descriptors));
        Span<bool> held = stackalloc bool[DescriptorsMax];
        byte* control = stackalloc byte[ControlSizeBytes];
        new Span<byte>(control, ControlSizeBytes).Clear();
        var header = (ControlMessageHeader*)control;
        header->LengthBytes = (nuint)(sizeof(ControlMessageHeader) + (descriptors.Length * sizeof(int)));
        header->Level = LibcSockets.SOL_SOCKET;
        header->Type = LibcSockets.SCM_RIGHTS;
        int* numbers = (int*)(control + sizeof(ControlMessageHeader));
        try
        {
            for (int i = 0; i < descriptors.Length; i++)
            {
                descriptors[i].DangerousAddRef(ref held[i]);
                numbers[i] = (int)descriptors[i].DangerousGetHandle();
            }

            return SendAll(socket, content, descriptors.IsEmpty ? null : control, header->LengthBytes);
        }
        finally
        {
            for (int i = 0; i < descriptors.Length; i++)
            {
                if (held[i])
                    descriptors[i].DangerousRelease();
            }
        }
    }

    /// <summary>Receives some bytes, and the descriptors that came with them, which are ours then.</summary>
    /// <param name="socket">A connected unix stream socket.</param>
    /// <param name="content">Filled from the start.</param>
    /// <param name="receivedBytes">How many bytes; 0 at the end.</param>
    /// <param name="descriptors">Filled with the numbers of the descriptors; room for all that may come.</param>
    /// <param name="descriptorCount">How many descriptors.</param>
    /// <returns>0 or an errno; EAGAIN if the socket does not block and nothing is there.</returns>
    public static int Receive(
        SafeSocketHandle socket,
        Span<byte> content,
        out int receivedBytes,
        Span<int> descriptors,
        out int descriptorCount)
    {
        receivedBytes = 0;
        descriptorCount = 0;
        byte* control = stackalloc byte[ControlSizeBytes];
        nint received;
        MessageHeader message;
        fixed (byte* start = content)
        {
            do
            {
                new Span<byte>(control, ControlSizeBytes).Clear();
                IoVector vector = new((nint)start, content.Length);
                message = new()
                {
                    Vectors = &vector,
                    VectorCount = 1,
                    Control = control,
                    ControlLengthBytes = ControlSizeBytes,
                };
                received = LibcSockets.recvmsg(socket, &message, LibcSockets.MSG_CMSG_CLOEXEC);
            }
            while (Errno.Of(received) == Errno.EINTR);
        }

        int errno = Errno.Of(received);
        if (errno != 0)
            return errno;
        receivedBytes = (int)received;
        var header = (ControlMessageHeader*)control;
        if (message.ControlLengthBytes >= (nuint)sizeof(ControlMessageHeader)
            && header->Level == LibcSockets.SOL_SOCKET
            && header->Type == LibcSockets.SCM_RIGHTS)
        {
            descriptorCount = ((int)header->LengthBytes - sizeof(ControlMessageHeader)) / sizeof(int);
            new ReadOnlySpan<int>(control + sizeof(ControlMessageHeader), descriptorCount).CopyTo(descriptors);
        }

        return 0;
    }

    private static int SendAll(SafeSocketHandle socket, ReadOnlySpan<byte> content, byte* control, nuint controlBytes)
    {
        fixed (byte* start = content)
        {
            nint sent = 0;
            while (sent < content.Length)
            {
                IoVector vector = new((nint)start + sent, content.Length - sent);
                MessageHeader message = new()
                {
                    Vectors = &vector,
                    VectorCount = 1,
                    Control = sent == 0 ? control : null,
                    ControlLengthBytes = sent == 0 && control != null ? controlBytes : 0,
                };
                nint result = LibcSockets.sendmsg(socket, &message, LibcSockets.MSG_NOSIGNAL);
                int errno = Errno.Of(result);
                if (errno == Errno.EINTR)
                    continue;
                if (errno != 0)
                    return errno;
                sent += result;
            }
        }

        return 0;
    }
}
