using Microsoft.Win32.SafeHandles;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Cli.Report;
using XenBlock.Frontend;

namespace XenBlock.Cli.Bench;

/// <summary>
/// Writes data that tell where they belong through one disk, reads them back through another, and compares them with
/// the file: before anything is measured, because the speed of wrong data means nothing.
/// </summary>
internal static class BenchVerifier
{
    // Whole pages, the largest direct request, odd sectors, and requests that must be split in every mode.
    private static readonly int[] s_lengths = [4096, 45_056, 512, 131_072 + 512, 1 << 20, 12_800];

    /// <summary>The largest part of the disk that one mode writes.</summary>
    private const long RegionBytesMax = 12 << 20;

    /// <summary>Verifies, as far as the store allows.</summary>
    /// <param name="session">The connected disks.</param>
    /// <param name="settings">What may be done to the image.</param>
    /// <param name="image">The image.</param>
    /// <exception cref="WorkFailedException">A byte is wrong.</exception>
    public static VerificationReport Run(BenchSession session, BenchSettings settings, BenchImage image)
    {
        if (settings.Store == StoreChoice.Sd2014)
            return new VerificationReport(false, false, 0, 0, 0, "The model keeps no data: there was none to verify.");
        if (!settings.Verifies)
            return new VerificationReport(false, false, 0, 0, 0, "The data were not verified, as asked.");
        if (settings.Store == StoreChoice.Null)
            return new VerificationReport(false, false, 0, 0, 0, "A null store has no data to verify.");
        using SafeFileHandle? file = settings.Store == StoreChoice.Memory
            ? null
            : image.OpenBeside(isWritable: false);
        return settings.MayWrite
            ? WriteAndRead(session.Workers, image.SizeBytes, file)
            : ReadOnly(session, image, file!);
    }

    /// <summary>The largest piece that is written or read at once: what a worker's buffer must hold.</summary>
    public static int LengthMax => s_lengths.Max();

    /// <summary>Writes through each disk, reads through the next, and compares; with the file too.</summary>
    /// <param name="workers">The connected disks, or the one disk.</param>
    /// <param name="sizeBytes">Its size.</param>
    /// <param name="file">The image behind it; null if it cannot be seen.</param>
    /// <exception cref="WorkFailedException">A byte is wrong.</exception>
    public static VerificationReport WriteAndRead(
        IReadOnlyList<DiskWorker> workers, long sizeBytes, SafeFileHandle? file)
    {
        long written = 0, read = 0, compared = 0;
        int count = workers.Count;
        long region = Math.Min(RegionBytesMax, sizeBytes / count / 4096 * 4096);
        for (int i = 0; i < count; i++)
        {
            DiskWorker writer = workers[i];
            DiskWorker reader = workers[(i + 1) % count];
            ulong generation = (ulong)i + 1;
            written += ForEach(i * region, region, (offset, length) =>
            {
                DataPattern.Fill(writer.Buffer.Span[..length], offset, generation);
                writer.Do(BlockOperation.Write, offset, length);
            });
            writer.Do(BlockOperation.Flush, 0, 0);
            read += ForEach(i * region, region, (offset, length) =>
            {
                Span<byte> data = reader.Buffer.Span[..length];
                data.Clear();
                reader.Do(BlockOperation.Read, offset, length);
                Require(DataPattern.FindMismatch(data, offset, generation), writer.Name, reader.Name);
            });
            if (file is null)
                continue;
            byte[] plain = new byte[s_lengths.Max()];
            compared += ForEach(i * region, region, (offset, length) =>
            {
                RandomAccess.Read(file, plain.AsSpan(0, length), offset);
                Require(DataPattern.FindMismatch(plain.AsSpan(0, length), offset, generation), writer.Name, "the file");
            });
        }

        string where = file is null ? "" : ", and are the same in the file";
        return new VerificationReport(
            true,
            true,
            written,
            read,
            compared,
            $"Verified: {ByteSize.Format(written)} written through one disk came back through another{where}.");
    }

    private static VerificationReport ReadOnly(BenchSession session, BenchImage image, SafeFileHandle file)
    {
        long read = 0;
        long region = Math.Min(RegionBytesMax, image.SizeBytes / 512 * 512);
        byte[] plain = new byte[s_lengths.Max()];
        foreach (DiskWorker reader in session.Workers)
        {
            read += ForEach(0, region, (offset, length) =>
            {
                reader.Do(BlockOperation.Read, offset, length);
                RandomAccess.Read(file, plain.AsSpan(0, length), offset);
                int same = plain.AsSpan(0, length).CommonPrefixLength(reader.Buffer.Span[..length]);
                Require(same == length ? -1 : offset + same, reader.Name, "the file");
            });
        }

        return new VerificationReport(
            true,
            true,
            0,
            read,
            read,
            $"Verified: {ByteSize.Format(read)} read through the disk are the same in the file; nothing was written.");
    }

    private static long ForEach(long start, long length, Action<long, int> action)
    {
        int next = 0;
        for (long offset = start; offset < start + length;)
        {
            int step = (int)Math.Min(s_lengths[next], start + length - offset);
            action(offset, step);
            offset += step;
            next = next + 1 == s_lengths.Length ? 0 : next + 1;
        }

        return length;
    }

    private static void Require(long mismatch, string name, string other)
    {
        if (mismatch >= 0)
        {
            throw new WorkFailedException(
                $"Verification failed: the data at byte {mismatch:N0} differ between the disk ({name}) and "
                    + $"{other}. Nothing was measured.");
        }
    }
}
