using System.Runtime.InteropServices;

namespace XenBlock.Cli.CommandLine;

/// <summary>
/// Ctrl-C and SIGTERM: the first asks the command to close in order, a second Ctrl-C ends the process at once. A file
/// that may not grow (ulimit -f) is an error of the write, which can be told, and not the end of every disk.
/// </summary>
internal sealed class Shutdown : IDisposable
{
    private const PosixSignal FileTooLarge = (PosixSignal)25; // SIGXFSZ: a raw number, as there is no name for it

    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;
    private readonly PosixSignalRegistration _fileTooLarge;
    private volatile int _exitCode;

    /// <summary>Takes over both signals until disposed.</summary>
    public Shutdown()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Ask(context, ExitCodes.Interrupted));
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Ask(context, ExitCodes.Terminated));
        _fileTooLarge = PosixSignalRegistration.Create(FileTooLarge, static context => context.Cancel = true);
    }

    /// <summary>Ends at the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>What the signal means as an exit code; 0 if there was none.</summary>
    public int ExitCode => _exitCode;

    /// <inheritdoc/>
    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _fileTooLarge.Dispose();
        _source.Dispose();
    }

    private void Ask(PosixSignalContext context, int exitCode)
    {
        // Not cancelling the signal lets it do what it always does: end the process.
        bool isFirst = _exitCode == 0;
        context.Cancel = isFirst || exitCode == ExitCodes.Terminated;
        if (!isFirst)
            return;
        _exitCode = exitCode;
        _source.Cancel();
    }
}
