using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Serving;
using XenBlock.Protocol;
using XenBlock.Tracing;

namespace XenBlock.Cli.Trace;

/// <summary>Whether this process may be traced from outside, and by whom, as the command line says.</summary>
internal static class TraceDoor
{
    /// <summary>
    /// Who traces on an embedded machine, where dom0 is the backend's: the last number that a domain can have.
    /// </summary>
    public const ushort UsualTracer = DomainId.FirstReserved - 1;

    /// <summary>The domain that may trace.</summary>
    /// <param name="choice">The machine.</param>
    /// <param name="named">What the user said; null for the usual.</param>
    public static DomainId TracerOf(MachineChoice choice, int? named) => named switch
    {
        0 when !choice.IsXen => throw new UsageException(
            $"--tracer is 0, which is the backend's domain on an embedded machine; a tracer is 1 to {UsualTracer}."),
        null => new DomainId(choice.IsXen ? (ushort)0 : UsualTracer),
        >= 0 and < DomainId.FirstReserved => new DomainId((ushort)named.Value),
        _ => throw new UsageException($"--tracer is {named}; a domain is 0 to {DomainId.FirstReserved - 1}."),
    };

    /// <summary>Joins the machine as the one who traces: on Xen our own domain, of which any process may.</summary>
    /// <param name="choice">The machine.</param>
    /// <param name="tracer">Who traces; null for the usual.</param>
    /// <param name="token">Gives up.</param>
    /// <exception cref="DomainInUseException">Another process traces.</exception>
    public static async Task<HostedMachine> JoinAsync(MachineChoice choice, int? tracer, CancellationToken token)
    {
        if (choice.IsXen)
            return await HostedMachine.JoinAsync(choice, domain: null, token);
        int own = TracerOf(choice, tracer).Value;
        try
        {
            return await HostedMachine.JoinAsync(choice, own, token);
        }
        catch (DomainInUseException)
        {
            throw new DomainInUseException(
                $"Another process traces already, as domain {own} of the machine at {choice.Socket}, and only one can: "
                    + "end it (xenblk top or trace), or wait for it.");
        }
    }

    /// <summary>Opens the door; null if it is to stay shut.</summary>
    /// <param name="machine">The machine, as the domain that may be traced.</param>
    /// <param name="isAllowed">Whether it was asked for.</param>
    /// <param name="tracer">Who may trace; null for the usual.</param>
    /// <param name="token">Gives up.</param>
    public static async Task<SharedTrace?> OpenAsync(
        HostedMachine machine, bool isAllowed, int? tracer, CancellationToken token)
    {
        if (!isAllowed)
            return tracer is null ? null : throw new UsageException("--tracer says who may trace; add --allow-trace.");
        SharedTraceOptions options = new() { Tracer = TracerOf(machine.Choice, tracer) };
        return await SharedTrace.OpenAsync(machine.Domain, options, token);
    }
}
