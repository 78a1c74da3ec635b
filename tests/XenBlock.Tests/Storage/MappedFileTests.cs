using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Storage;

public sealed class MappedFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("xenblock-mapped").FullName;

    private string Path => System.IO.Path.Combine(_folder, "memory");

    [Fact]
    public void What_was_written_is_there_for_the_next_who_opens_it()
    {
        using (MappedFile file = MappedFile.Open(Path, 8192))
        {
            Assert.Equal(0u, file.Memory.LoadAcquire(8188));
            file.Memory.StoreRelease(8188, 4711);
        }

        using (MappedFile file = MappedFile.Open(Path, 8192)) Assert.Equal(4711u, file.Memory.LoadAcquire(8188));
#pragma warning disable CA1416 // the project is for Linux; the runtime does not know that
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
#pragma warning restore CA1416
    }

    [Fact]
    public void One_of_another_length_is_made_to_fit()
    {
        File.WriteAllBytes(Path, [1, 2, 3]);
        using MappedFile file = MappedFile.Open(Path, 4096);
        Assert.Equal(0x00030201u, file.Memory.LoadAcquire(0));
        Assert.Equal(4096, new FileInfo(Path).Length);
    }

    [Fact]
    public void Removed_it_can_still_be_used_and_the_next_one_is_empty()
    {
        using MappedFile file = MappedFile.Open(Path, 4096);
        file.Memory.StoreRelease(0, 1);
        MappedFile.Remove(Path);
        file.Memory.StoreRelease(4, 2);
        using MappedFile other = MappedFile.Open(Path, 4096);
        Assert.Equal(0u, other.Memory.LoadAcquire(0));
    }

    [Fact]
    public void A_folder_that_is_not_there_is_an_error_in_words()
    {
        StoreException error = Assert.Throws<StoreException>(
            () => MappedFile.Open(System.IO.Path.Combine(_folder, "none", "memory"), 4096));
        Assert.Contains("cannot be made", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
