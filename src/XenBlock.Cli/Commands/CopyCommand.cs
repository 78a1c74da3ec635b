using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Copy;
using XenBlock.Cli.Output;
using XenBlock.Cli.Serving;
using XenBlock.Cli.Trace;
using XenBlock.Frontend;
using XenBlock.Protocol;
using XenBlock.Tracing;

namespace XenBlock.Cli.Commands;

/// <summary><c>xenblk cp</c>: a disk to a file, or a file to a disk.</summary>
internal sealed class CopyCommand : XenblkCommand
{
    private readonly Argument<string> _source = new("source")
    {
        Description = "A disk (xvda), a file, or - for stdin.",
    };

    private readonly Argument<string> _destination = new("destination")
    {
        Description = "A file, - for stdout, or a disk.",
    };

    private readonly Option<int?> _domain =
        CommonOptions.Domain("The domain that has the disk. Default: 1; on Xen the one that this is.");
    private readonly Option<string> _sectorUnits = CommonOptions.SectorUnits();

    private readonly Option<string?> _machine = CommonOptions.Machine();

    private readonly Option<string> _sparse = new("--sparse")
    {
        Description = "auto: zeros become holes in a new file, and are written to a disk. always: zeros are not "
            + "written at all; only where the destination is known to be zero. never: every byte is written.",
        DefaultValueFactory = _ => "auto",
    };

    private readonly Option<bool> _allowTrace = CommonOptions.AllowTrace();

    private readonly Option<int?> _tracer = CommonOptions.Tracer("The domain that may trace.");

    /// <summary>The command.</summary>
    public CopyCommand()
        : base(
            "cp",
            "Copy between a disk and a file, with many requests under way, and flush at the end. One of the two is a "
                + "disk: xvda, or vbd:xvda; ./xvda is a file.",
            """
            xenblk cp xvda copy.raw                 the disk into a file, sparse
            xenblk cp new.raw xvda                  a file onto the disk
            xenblk cp xvda - | gzip > disk.gz       to standard output
            zcat disk.gz | xenblk cp - xvda         from standard input
            xenblk cp --sparse always new.raw xvda  onto a disk that is known to be zero

            Exit code 1 if the disk fails or its backend goes away: the copy is then not complete.
            """)
    {
        _sparse.AcceptOnlyFromAmong("auto", "always", "never");
        Arguments.Add(_source);
        Arguments.Add(_destination);
        foreach (Option option in (Option[])[_domain, _machine, _sparse, _sectorUnits, _allowTrace, _tracer])
            Options.Add(option);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandRun run)
    {
        CopyEnd source = CopyEnd.Parse(run.Result.GetRequiredValue(_source));
        CopyEnd destination = CopyEnd.Parse(run.Result.GetRequiredValue(_destination));
        if (source.IsDisk == destination.IsDisk)
        {
            throw new UsageException(source.IsDisk
                ? $"{source.Text} and {destination.Text} are both disks; one of the two must be a file."
                : $"Neither {source.Text} nor {destination.Text} is a disk; name one as xvda or vbd:xvda.");
        }

        SparseMode sparse = Enum.Parse<SparseMode>(run.Result.GetRequiredValue(_sparse), ignoreCase: true);

        // The file first: a mistake in its name is found before the disk is touched.
        using ICopySource? from = source.IsDisk ? null : OpenSource(source);
        await using HostedMachine machine = await HostedMachine.JoinAsync(
            MachineChoice.Of(run.Result.GetValue(_machine)), run.Result.GetValue(_domain), run.Token);
        using FrontendClaim claim = FrontendClaim.Take(machine, source.Vdev ?? destination.Vdev!);
        await using SharedTrace? trace = await TraceDoor.OpenAsync(
            machine, run.Result.GetValue(_allowTrace), run.Result.GetValue(_tracer), run.Token);
        BlockDeviceOptions options = new()
        {
            Trace = trace?.Session,
            CallerPumps = true,
            SectorUnits = SectorUnits.Parse(run.Result.GetRequiredValue(_sectorUnits)),
        };
        await using BlockDevice device = await BlockDevice.ConnectAsync(
            machine.Domain, source.Vdev ?? destination.Vdev!, options, run.Token);
        if (from is not null)
            CheckRoom(device, from, source.Text);
        using ICopySink? to = from is null ? OpenSink(destination, device.SizeBytes, sparse) : null;

        long started = Stopwatch.GetTimestamp();
        CopyDocument document;
        await using (ProgressDisplay progress = run.Progress("copying"))
        {
            // The queue belongs to one thread.
            document = await Task.Factory.StartNew(
                () => Copy(device, from, to, sparse, progress, run.Token),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
        }

        document = document with
        {
            Source = source.Text,
            Destination = destination.Text,
            Seconds = Stopwatch.GetElapsedTime(started).TotalSeconds,
        };
        Say(run, document, toStandardOutput: destination.IsStandardStream);
        return ExitCodes.Okay;
    }

    private static ICopySource OpenSource(CopyEnd source) => source.IsStandardStream
        ? new StreamSource(Console.OpenStandardInput())
        : FileSource.Open(source.Text);

    private static ICopySink OpenSink(CopyEnd destination, long sizeBytes, SparseMode sparse) =>
        destination.IsStandardStream
            ? new StreamSink(Console.OpenStandardOutput())
            : FileSink.Open(destination.Text, sizeBytes, sparse);

    private static void CheckRoom(BlockDevice device, ICopySource source, string name)
    {
        if (device.IsReadOnly)
            throw new UsageException($"{device.Name} is read-only; serve it without --read-only to write to it.");
        if (source.LengthBytes > device.SizeBytes)
        {
            throw new UsageException(
                $"{name} has {source.LengthBytes:N0} bytes and {device.Name} only {device.SizeBytes:N0}; "
                    + "take a larger disk. Nothing was written.");
        }

        if (source.LengthBytes % device.SectorSizeBytes is > 0)
        {
            throw new UsageException(
                $"{name} has {source.LengthBytes:N0} bytes, which is not a multiple of the disk's sector of "
                    + $"{device.SectorSizeBytes}; pad it, or pipe it in with -. Nothing was written.");
        }
    }

    private static CopyDocument Copy(
        BlockDevice device,
        ICopySource? from,
        ICopySink? to,
        SparseMode sparse,
        ProgressDisplay progress,
        CancellationToken token)
    {
        using DiskCopier copier = new(device, progress, token);
        try
        {
            if (from is not null)
            {
                copier.WriteFrom(from, skipsZeros: sparse == SparseMode.Always);
            }
            else
            {
                copier.ReadInto(to!);
                to!.Finish();
            }
        }
        finally
        {
            copier.Drain();
        }

        return new CopyDocument(
            CopyDocument.SchemaName, "", "", copier.CopiedBytes, to?.SkippedBytes ?? copier.SkippedBytes, 0);
    }

    private static void Say(CommandRun run, CopyDocument document, bool toStandardOutput)
    {
        // Standard output is the copy itself; then only people are told, beside it.
        TextWriter writer = toStandardOutput ? run.Error : run.Out;
        if (run.Json)
        {
            writer.WriteLine(JsonSerializer.Serialize(document, JsonLines.Default.CopyDocument));
            return;
        }

        string zeros = document.BytesSkipped > 0 ? $", {ByteSize.Format(document.BytesSkipped)} of it zeros" : "";
        writer.WriteLine(
            $"{document.Source} -> {document.Destination}: {ByteSize.Format(document.Bytes)} in "
                + $"{document.Seconds:N1} s ({document.Bytes / 1e6 / document.Seconds:N0} MB/s{zeros})");
    }
}
