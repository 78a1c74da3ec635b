using System.Buffers.Binary;

namespace XenBlock.Profiling;

/// <summary>
/// Writes requests as blktrace does, so that Debian's blkparse, btt and iowatcher read them: a file a disk. Of the
/// stamps: Q is T0, G is T1, I is T2, D is T5 (the backend took it), C is T13; so btt's Q2G is our grant, G2I our slot
/// wait, I2D notify, wake and batch wait, D2C the rest.
/// </summary>
/// <remarks>The layout: struct blk_io_trace of include/uapi/linux/blktrace_api.h, version 7, in this order.</remarks>
public static class BlktraceFile
{
    private const int RecordBytes = 48;
    private const uint MagicAndVersion = 0x65617407;

    // What happened (enum blktrace_act), and what kind of event that is (enum blktrace_cat), in the upper half.
    private const uint Queued = 1 | (CategoryQueue << 16);
    private const uint GotRequest = 4 | (CategoryQueue << 16);
    private const uint Issued = 7 | (CategoryIssue << 16);
    private const uint Completed = 8 | (CategoryComplete << 16);
    private const uint Inserted = 12 | (CategoryQueue << 16);
    private const uint CategoryRead = 1;
    private const uint CategoryWrite = 1 << 1;
    private const uint CategoryFlush = 1 << 2;
    private const uint CategoryQueue = 1 << 4;
    private const uint CategoryIssue = 1 << 6;
    private const uint CategoryComplete = 1 << 7;
    private const uint CategoryDiscard = 1 << 13;

    // Major 202, as Linux numbers Xen's disks; the minor is what tells several in one folder apart.
    private const uint DeviceFirst = 202u << 20;

    /// <summary>Writes a file for each disk, named for its vdev: xvda.blktrace.0.</summary>
    /// <param name="directory">Where; made if it is not there.</param>
    /// <param name="requests">Complete ones.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string directory, IReadOnlyCollection<RequestTrace> requests)
    {
        Directory.CreateDirectory(directory);
        uint minor = 0;
        foreach (var disk in requests.GroupBy(request => request.Disk, StringComparer.Ordinal))
        {
            string vdev = disk.Key[(disk.Key.LastIndexOf('/') + 1)..];
            using FileStream file = File.Create(Path.Combine(directory, $"{vdev}.blktrace.0"));
            WriteDisk(file, [.. disk], DeviceFirst + (16 * minor++));
        }
    }

    private static void WriteDisk(Stream file, RequestTrace[] requests, uint device)
    {
        var events = new List<(long TimeNs, uint Action, RequestTrace Request)>(requests.Length * 5);
        foreach (RequestTrace request in requests)
        {
            uint category = CategoryOf(request.Kind) << 16;
            events.Add((request.Stamps[0], Queued | category, request));
            events.Add((request.Stamps[1], GotRequest | category, request));
            events.Add((request.Stamps[2], Inserted | category, request));
            events.Add((request.Stamps[5], Issued | category, request));
            events.Add((request.Stamps[RequestTrace.PhaseCount], Completed | category, request));
        }

        // In order of time, and what happened at one time in the order of the way: a stable sort.
        long start = requests.Length == 0 ? 0 : requests.Min(request => request.Stamps[0]);
        Span<byte> record = stackalloc byte[RecordBytes];
        uint sequence = 0;
        foreach ((long timeNs, uint action, RequestTrace request) in events.OrderBy(one => one.TimeNs))
        {
            record.Clear();
            BinaryPrimitives.WriteUInt32LittleEndian(record, MagicAndVersion);
            BinaryPrimitives.WriteUInt32LittleEndian(record[4..], ++sequence);
            BinaryPrimitives.WriteInt64LittleEndian(record[8..], timeNs - start);
            BinaryPrimitives.WriteUInt64LittleEndian(record[16..], request.Sector);
            BinaryPrimitives.WriteUInt32LittleEndian(record[24..], request.LengthBytes);
            BinaryPrimitives.WriteUInt32LittleEndian(record[28..], action);
            BinaryPrimitives.WriteInt32LittleEndian(record[32..], Environment.ProcessId);
            BinaryPrimitives.WriteUInt32LittleEndian(record[36..], device);
            file.Write(record);
        }
    }

    private static uint CategoryOf(TraceEventKind kind) => kind switch
    {
        TraceEventKind.ReadGranted => CategoryRead,
        TraceEventKind.FlushGranted => CategoryFlush | CategoryWrite,
        TraceEventKind.DiscardGranted => CategoryDiscard | CategoryWrite,
        _ => CategoryWrite,
    };
}
