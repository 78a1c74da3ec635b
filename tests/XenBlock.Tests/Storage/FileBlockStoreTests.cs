using XenBlock.Native;
using XenBlock.SharedMemory;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Storage;

public sealed class FileBlockStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("xenblock-store-").FullName;

    [Fact]
    public void What_is_written_is_in_the_file_and_read_back_in_order()
    {
        string path = Image(1 << 20);
        var written = new PinnedMemory(3 * 4096);
        written.FillFrom(1);
        using (FileBlockStore store = FileBlockStore.Open(path))
        {
            Assert.Equal(1 << 20, store.Geometry.SizeBytes);

            // Scattered on purpose: the order of the segments is the order on the disk.
            Assert.True(store.Write(512, [written.Segment(8192, 4096), written.Segment(0, 8192)]).IsOkay);
            Assert.True(store.Flush().IsOkay);
            var read = new PinnedMemory(3 * 4096);
            Assert.True(store.Read(512, [read.Segment(8192, 4096), read.Segment(0, 8192)]).IsOkay);
            Assert.True(written.Span.SequenceEqual(read.Span));
        }

        byte[] file = File.ReadAllBytes(path);
        Assert.True(written.Span.Slice(8192, 4096).SequenceEqual(file.AsSpan(512, 4096)));
        Assert.True(written.Span[..8192].SequenceEqual(file.AsSpan(512 + 4096, 8192)));
    }

    [Fact]
    public void More_segments_than_one_system_call_takes_are_moved_whole()
    {
        using FileBlockStore store = FileBlockStore.Open(Image(4 << 20));
        var memory = new PinnedMemory(2 * 3000 * 512);
        memory.FillFrom(2);
        PayloadSegment[] everySecond = [.. Enumerable.Range(0, 3000).Select(i => memory.Segment(i * 1024, 512))];
        PayloadSegment[] theOthers = [.. Enumerable.Range(0, 3000).Select(i => memory.Segment((i * 1024) + 512, 512))];
        Assert.True(store.Write(4096, everySecond).IsOkay);
        Assert.True(store.Read(4096, theOthers).IsOkay);
        for (int i = 0; i < 3000; i++)
            Assert.True(memory.Span.Slice(i * 1024, 512).SequenceEqual(memory.Span.Slice((i * 1024) + 512, 512)));
    }

    [Fact]
    public void A_discarded_range_is_a_hole_that_reads_as_zeros()
    {
        using FileBlockStore store = FileBlockStore.Open(Image(1 << 20));
        var memory = new PinnedMemory(8192);
        memory.Span.Fill(0x77);
        store.Write(0, [memory.All]);
        StoreResult result = store.Discard(4096, 4096, secure: false);
        if (result == StoreResult.NotSupported)
            Assert.Skip("the file system of the temporary folder cannot punch holes");
        Assert.True(result.IsOkay);
        store.Read(0, [memory.All]);
        Assert.Equal(0x77, memory.Span[4095]);
        Assert.Equal(-1, memory.Span[4096..].IndexOfAnyExcept((byte)0));
        Assert.Equal(StoreResult.NotSupported, store.Discard(0, 4096, secure: true));
    }

    [Fact]
    public void A_file_cut_while_it_is_served_gives_an_error_and_not_silence()
    {
        string path = Image(1 << 20);
        using FileBlockStore store = FileBlockStore.Open(path);
        using (FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) file.SetLength(4096);
        Assert.Equal(5, store.Read(8192, [new PinnedMemory(512).All]).Errno);
    }

    [Fact]
    public void A_file_that_grew_is_larger_after_a_refresh()
    {
        string path = Image(1 << 20);
        using FileBlockStore store = FileBlockStore.Open(path);
        using (FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            file.SetLength(2 << 20);
        Assert.Equal(1 << 20, store.Geometry.SizeBytes);
        store.RefreshSize();
        Assert.Equal(2 << 20, store.Geometry.SizeBytes);
    }

    [Fact]
    public void A_missing_image_is_said_to_be_missing()
    {
        StoreException error = Fails(Path.Combine(_folder, "none.raw"));
        Assert.Equal(2, error.Errno);
        Assert.Contains("there is no", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, Fails(Path.Combine(_folder, "no", "folder.raw")).Errno);
    }

    [Fact]
    public void A_directory_is_no_image() => Assert.Equal(21, Fails(_folder).Errno);

    [Fact]
    public void An_empty_image_is_no_image() =>
        Assert.Contains("is empty", Fails(Image(0)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_device_that_is_no_disk_is_no_image() => Assert.Equal(22, Fails("/dev/null", readOnly: true).Errno);

    [Fact]
    public void A_size_that_is_no_multiple_of_the_sector_tells_how_to_mend_it()
    {
        string path = Image(1000);
        Assert.Contains("truncate -s 1024 " + path, Fails(path).Message, StringComparison.Ordinal);
        string odd = Image(5 * 512);
        var large = new FileBlockStoreOptions { SectorSizeBytes = 4096 };
        StoreException error = Assert.Throws<StoreException>(() => FileBlockStore.Open(odd, large));
        Assert.Contains("4096", error.Message, StringComparison.Ordinal);
        var strange = new FileBlockStoreOptions { SectorSizeBytes = 1000 };
        Assert.Equal(22, Assert.Throws<StoreException>(() => FileBlockStore.Open(odd, strange)).Errno);
    }

    [Fact]
    public void A_read_only_image_is_refused_for_writing_and_opens_for_reading()
    {
        string path = Image(4096);
#pragma warning disable CA1416 // Linux only, as everything here
        File.SetUnixFileMode(path, UnixFileMode.UserRead);
        StoreException error = Fails(path);
        Assert.Equal(30, error.Errno);
        Assert.Contains("read-only", error.Message, StringComparison.Ordinal);
        using (FileBlockStore store = FileBlockStore.Open(path, new FileBlockStoreOptions { ReadOnly = true }))
        {
            var memory = new PinnedMemory(512);
            Assert.True(store.Geometry.IsReadOnly);
            Assert.True(store.Read(0, [memory.All]).IsOkay);
            Assert.Equal(30, store.Write(0, [memory.All]).Errno);
            Assert.Equal(30, store.Discard(0, 512, secure: false).Errno);
            Assert.True(store.Flush().IsOkay);
        }

        File.SetUnixFileMode(path, UnixFileMode.None);
#pragma warning restore CA1416
        Assert.Equal(13, Fails(path, readOnly: true).Errno);
    }

    [Fact]
    public void Two_cannot_have_one_image_writable_and_readers_share()
    {
        string path = Image(4096);
        var readOnly = new FileBlockStoreOptions { ReadOnly = true };
        using (FileBlockStore.Open(path))
        {
            Assert.Equal(16, Fails(path).Errno);
            Assert.Equal(16, Fails(path, readOnly: true).Errno);
        }

        using FileBlockStore one = FileBlockStore.Open(path, readOnly);
        using FileBlockStore other = FileBlockStore.Open(path, readOnly);
        Assert.Equal(16, Fails(path).Errno);
    }

    [Fact]
    public void A_full_disk_is_told_as_ENOSPC()
    {
        // The device that is always full stands for a file system that is.
        if (!File.Exists("/dev/full")) Assert.Skip("there is no /dev/full here");
        using Microsoft.Win32.SafeHandles.SafeFileHandle full = File.OpenHandle(
            "/dev/full", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var memory = new PinnedMemory(512);
        PayloadSegment segment = memory.All;
        var vector = new IoVector(segment.Address, segment.LengthBytes);
        Assert.Equal(28, PositionedFile.Write(full, 0, [vector], out _));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static StoreException Fails(string path, bool readOnly = false) => Assert.Throws<StoreException>(
        () => FileBlockStore.Open(path, new FileBlockStoreOptions { ReadOnly = readOnly }).Dispose());

    private string Image(long sizeBytes)
    {
        string path = Path.Combine(_folder, Guid.NewGuid().ToString("N") + ".raw");
        using FileStream file = File.Create(path);
        file.SetLength(sizeBytes);
        return path;
    }
}
