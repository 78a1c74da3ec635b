using Xunit;

namespace XenBlock.Tests.Process;

/// <summary>Images through serve in one process and cp in another.</summary>
public sealed class ServeAndCopyTests : IDisposable
{
    private readonly Workshop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task An_ext4_image_goes_out_and_in_byte_for_byte()
    {
        string image = await _shop.Ext4Async("image.raw", "48M");
        string target = _shop.Sparse("target.raw", 48 << 20);
        using RunningTool serve = await _shop.ServeAsync(image, target + "=xvdb");

        ToolResult outward = await _shop.CopyAsync("xvda", _shop.Path("copy.raw"));
        ToolResult inward = await _shop.CopyAsync(_shop.Path("copy.raw"), "xvdb");
        await serve.SignalAsync("TERM");
        ToolResult end = await serve.EndAsync();

        Assert.True(outward.ExitCode == 0, $"{outward}");
        Assert.True(inward.ExitCode == 0, $"{inward}");
        Assert.True(end.ExitCode == 0, $"{end}");
        string digest = Workshop.Digest(image);
        Assert.Equal(digest, Workshop.Digest(_shop.Path("copy.raw")));
        Assert.Equal(digest, Workshop.Digest(target));
        await Workshop.FsckAsync(_shop.Path("copy.raw"));
        await Workshop.FsckAsync(target);
    }

    [Fact]
    public async Task A_copy_goes_through_standard_output_and_input()
    {
        string image = _shop.Noise("image.raw", (5 << 20) + 512, seed: 1);
        string target = _shop.Sparse("target.raw", 6 << 20);
        using RunningTool serve = await _shop.ServeAsync(image, target + "=xvdb");

        using RunningTool outward = RunningTool.Start("cp", "--machine", _shop.Socket, "xvda", "-");
        using MemoryStream piped = new();
        await outward.Output.CopyToAsync(piped);
        ToolResult outwardEnd = await outward.EndAsync();
        using RunningTool inward = RunningTool.Start("cp", "--machine", _shop.Socket, "-", "xvdb");
        await inward.Input.WriteAsync(piped.ToArray());
        inward.Input.Close();
        ToolResult inwardEnd = await inward.EndAsync();

        Assert.True(outwardEnd.ExitCode == 0, $"{outwardEnd}");
        Assert.True(inwardEnd.ExitCode == 0, $"{inwardEnd}");
        byte[] expected = await File.ReadAllBytesAsync(image);
        Assert.Equal(expected, piped.ToArray());
        Assert.Equal(expected, Workshop.Read(target)[..expected.Length]);
    }

    [Fact]
    public async Task A_copy_of_zeros_takes_no_room_in_a_new_file_unless_it_is_told_to()
    {
        string image = _shop.Sparse("image.raw", 32 << 20);
        using RunningTool serve = await _shop.ServeAsync(image);

        ToolResult sparse = await _shop.CopyAsync("xvda", _shop.Path("sparse.raw"));
        ToolResult full = await _shop.CopyAsync("--sparse", "never", "xvda", _shop.Path("full.raw"));

        Assert.True(sparse.ExitCode == 0, $"{sparse}");
        Assert.True(full.ExitCode == 0, $"{full}");
        Assert.Equal(32 << 20, new FileInfo(_shop.Path("sparse.raw")).Length);
        Assert.InRange(await BlocksAsync("sparse.raw"), 0, 64);
        Assert.InRange(await BlocksAsync("full.raw"), 32 << 11, 33 << 11);
    }

    [Fact]
    public async Task An_old_file_is_replaced_whole_and_a_disk_gets_its_zeros()
    {
        string image = _shop.Sparse("image.raw", 4 << 20);
        string old = _shop.Noise("old.raw", 6 << 20, seed: 2);
        string dirty = _shop.Noise("dirty.raw", 4 << 20, seed: 3);
        using RunningTool serve = await _shop.ServeAsync(image, dirty + "=xvdb");

        ToolResult outward = await _shop.CopyAsync("xvda", old);
        ToolResult inward = await _shop.CopyAsync(old, "xvdb");

        Assert.True(outward.ExitCode == 0, $"{outward}");
        Assert.True(inward.ExitCode == 0, $"{inward}");
        Assert.Equal(new byte[4 << 20], await File.ReadAllBytesAsync(old));
        Assert.Equal(new byte[4 << 20], Workshop.Read(dirty));
    }

    [Fact]
    public async Task Disks_of_two_domains_do_not_mix()
    {
        string first = _shop.Noise("first.raw", 2 << 20, seed: 4);
        string second = _shop.Noise("second.raw", 2 << 20, seed: 5);
        using RunningTool serve = await _shop.ServeAsync(
            "--disk", $"path={first},vdev=xvda,domain=1", "--disk", $"path={second},vdev=xvda,domain=2,mode=r");

        ToolResult one = await _shop.CopyAsync("xvda", _shop.Path("one.raw"));
        ToolResult two = await _shop.CopyAsync("--domain", "2", "vbd:xvda", _shop.Path("two.raw"));
        ToolResult refused = await _shop.CopyAsync("--domain", "2", _shop.Path("one.raw"), "xvda");

        Assert.True(one.ExitCode == 0, $"{one}");
        Assert.True(two.ExitCode == 0, $"{two}");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("read-only", refused.Error, StringComparison.Ordinal);
        Assert.Equal(Workshop.Digest(first), Workshop.Digest(_shop.Path("one.raw")));
        Assert.Equal(Workshop.Digest(second), Workshop.Digest(_shop.Path("two.raw")));
    }

    [Theory]
    [InlineData("map")]
    [InlineData("copy")]
    [InlineData("persistent")]
    public async Task Every_way_to_reach_pages_carries_the_same_bytes(string access)
    {
        string image = _shop.Noise("image.raw", (3 << 20) + 1024, seed: 6);
        using RunningTool serve = await _shop.ServeAsync("--access", access, image);

        ToolResult copy = await _shop.CopyAsync("xvda", _shop.Path("copy.raw"));

        Assert.True(copy.ExitCode == 0, $"{copy}");
        Assert.Equal(Workshop.Digest(image), Workshop.Digest(_shop.Path("copy.raw")));
    }

    [Fact]
    public async Task An_image_that_is_served_is_neither_copied_over_nor_copied_while_it_may_change()
    {
        string image = _shop.Noise("image.raw", 1 << 20, seed: 7);
        string digest = Workshop.Digest(image);
        using RunningTool serve = await _shop.ServeAsync(image);

        ToolResult over = await _shop.CopyAsync("xvda", image);
        ToolResult from = await _shop.CopyAsync(image, "xvda");

        Assert.All([over, from], result =>
        {
            Assert.Equal(2, result.ExitCode);
            Assert.Contains("in use", result.Error, StringComparison.Ordinal);
        });
        Assert.Equal(digest, Workshop.Digest(image));
    }

    [Fact]
    public async Task A_copy_whose_reader_goes_is_not_complete_and_says_so()
    {
        using RunningTool serve = await _shop.ServeAsync(_shop.Sparse("image.raw", 64 << 20));
        string copy = $"'{Tool.Path}' cp --machine '{_shop.Socket}' xvda - | head -c 10 >'{_shop.Path("piece")}'";

        using var pipe = RunningTool.StartProgram(["bash", "-c", $"set -o pipefail; {copy}"]);
        ToolResult end = await pipe.EndAsync();

        Assert.Equal(1, end.ExitCode);
        Assert.Contains("not complete", end.Error, StringComparison.Ordinal);
        Assert.Equal(10, new FileInfo(_shop.Path("piece")).Length);
    }

    [Fact]
    public async Task What_has_no_length_takes_a_copy_too()
    {
        using RunningTool serve = await _shop.ServeAsync(_shop.Noise("image.raw", 1 << 20, seed: 8));
        ToolResult copy = await _shop.CopyAsync("xvda", "/dev/null");
        ToolResult full = await _shop.CopyAsync("xvda", "/dev/full");
        Assert.True(copy.ExitCode == 0, $"{copy}");
        Assert.Equal(1, full.ExitCode);
        Assert.Contains("No space left", full.Error, StringComparison.OrdinalIgnoreCase);
    }

    // Units of 512 bytes, as stat counts them.
    private async Task<int> BlocksAsync(string name)
    {
        (_, string output) = await Tool.RunProgramAsync("stat", "-c", "%b", _shop.Path(name));
        return int.Parse(output.Trim(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
