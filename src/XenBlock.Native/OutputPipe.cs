namespace XenBlock.Native;

/// <summary>What is at the other end of a pipe that we write to (ppoll).</summary>
public static unsafe class OutputPipe
{
    /// <summary>Standard output's descriptor (unistd.h).</summary>
    public const int StandardOutput = 1;

    /// <summary>
    /// Whether what is written can still be read by anybody. The runtime's console drops what nobody reads without a
    /// word (EPIPE), so who must know has to look.
    /// </summary>
    /// <param name="descriptor">An open descriptor; anything but a pipe or a socket has a reader.</param>
    public static bool HasReader(int descriptor)
    {
        var one = new PollDescriptor { Descriptor = descriptor };
        var now = TimeSpec.Of(TimeSpan.Zero);
        return LibcEvents.ppoll(&one, 1, &now, 0) <= 0 || (one.Returned & LibcEvents.POLLERR) == 0;
    }
}
