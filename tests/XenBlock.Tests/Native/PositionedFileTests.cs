using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using XenBlock.Native;
using Xunit;

namespace XenBlock.Tests.Native;

public sealed class PositionedFileTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
    private readonly SafeFileHandle _file;

    public PositionedFileTests() =>
        _file = File.OpenHandle(_path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite);

    public void Dispose()
    {
        _file.Dispose();
        File.Delete(_path);
    }

    [Fact]
    public void What_is_written_in_pieces_is_read_back_in_other_pieces()
    {
        // More pieces than IOV_MAX, of lengths 1 to 7: the list has to be split.
        byte[] content = new byte[10_000];
        new Random(1).NextBytes(content);
        byte[] copy = new byte[content.Length];

        int writeErrno = WithPieces(content, 3, pieces => (PositionedFile.Write(_file, 77, pieces, out long n), n));
        int readErrno = WithPieces(copy, 7, pieces => (PositionedFile.Read(_file, 77, pieces, out long n), n));

        Assert.Equal((0, 0), (writeErrno, readErrno));
        Assert.Equal(content, copy);
        Assert.Equal(0, PositionedFile.Sync(_file));
    }

    [Fact]
    public void Reading_past_the_end_is_short_without_an_error()
    {
        RandomAccess.Write(_file, new byte[100], 0);
        byte[] buffer = new byte[1000];

        long done = -1;
        int errno = WithPieces(buffer, 64, pieces =>
        {
            int e = PositionedFile.Read(_file, 40, pieces, out done);
            return (e, buffer.Length);
        });

        Assert.Equal((0, 60L), (errno, done));
    }

    [Fact]
    public void An_error_is_a_number_with_a_name()
    {
        using SafeFileHandle full = File.OpenHandle("/dev/full", FileMode.Open, FileAccess.ReadWrite);
        byte[] buffer = new byte[16];

        int errno = WithPieces(buffer, 16, pieces => (PositionedFile.Write(full, 0, pieces, out _), buffer.Length));

        Assert.Equal(Errno.ENOSPC, errno);
        Assert.StartsWith("ENOSPC (", Errno.Describe(errno), StringComparison.Ordinal);
        Assert.Equal("errno 4000", Errno.Name(4000));
    }

    [Fact]
    public void A_hole_reads_as_zeros()
    {
        byte[] content = new byte[16_384];
        Array.Fill(content, (byte)0xAA);
        RandomAccess.Write(_file, content, 0);

        Assert.Equal(0, PositionedFile.PunchHole(_file, 4096, 8192));

        Assert.Equal(content.Length, RandomAccess.Read(_file, content, 0));
        Assert.All(content[4096..12_288], b => Assert.Equal(0, b));
        Assert.Equal((0xAA, 0xAA), (content[4095], content[12_288]));
    }

    [Fact]
    public void A_file_is_no_block_device()
    {
        Assert.Equal(Errno.ENOTTY, BlockDeviceControl.GetSize(_file, out long size));
        Assert.Equal(Errno.ENOTTY, BlockDeviceControl.GetSectorSize(_file, out _));
        Assert.Equal(0, size);
    }

    private static int WithPieces(byte[] memory, int pieceBytes, Func<IoVector[], (int Errno, long Done)> body)
    {
        GCHandle pin = GCHandle.Alloc(memory, GCHandleType.Pinned);
        try
        {
            List<IoVector> pieces = [];
            for (int at = 0; at < memory.Length; at += pieceBytes)
                pieces.Add(new(pin.AddrOfPinnedObject() + at, Math.Min(pieceBytes, memory.Length - at)));
            (int errno, long done) = body([.. pieces]);
            Assert.Equal(errno == 0 ? memory.Length : done, done);
            return errno;
        }
        finally
        {
            pin.Free();
        }
    }
}
