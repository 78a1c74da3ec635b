using Xunit;

namespace XenBlock.Tests.Process;

/// <summary>Processes that die in the middle, and those that are told to stop.</summary>
public sealed class DeathTests : IDisposable
{
    private const int PartBytes = 8 << 20;
    private readonly Workshop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task A_killed_backend_ends_a_copy_onto_the_disk_with_a_sentence_and_what_was_flushed_stays()
    {
        string image = await _shop.Ext4Async("image.raw", "32M");
        string target = _shop.Sparse("target.raw", 32 << 20);
        using RunningTool machine = await _shop.MachineAsync();
        using RunningTool serve = await _shop.ServeAsync(target);
        ToolResult flushed = await _shop.CopyAsync(image, "xvda");
        Assert.True(flushed.ExitCode == 0, $"{flushed}");

        // The same bytes again, so that what the dead backend did not do cannot be told from what it did.
        byte[] data = await File.ReadAllBytesAsync(image);
        using RunningTool copy = RunningTool.Start("cp", "--machine", _shop.Socket, "-", "xvda");
        await copy.Input.WriteAsync(data.AsMemory(0, PartBytes));
        await copy.Input.FlushAsync();
        await _shop.UntilConnectedAsync();
        await serve.SignalAsync("KILL");
        ToolResult end = await copy.EndAsync();

        Assert.Equal(1, end.ExitCode);
        Assert.Contains("xvda", end.Error, StringComparison.Ordinal);
        Assert.Contains("went away", end.Error, StringComparison.Ordinal);
        AssertIsSentence(end);
        Assert.Equal(Workshop.Digest(image), Workshop.Digest(target));
        await Workshop.FsckAsync(target);
    }

    [Fact]
    public async Task A_killed_backend_ends_a_copy_off_the_disk_and_the_next_backend_takes_over()
    {
        string image = _shop.Noise("image.raw", 48 << 20, seed: 1);
        using RunningTool machine = await _shop.MachineAsync();
        using RunningTool first = await _shop.ServeAsync(image);

        // Nobody takes what it writes, so it stops in the middle when the pipe is full.
        using RunningTool copy = RunningTool.Start("cp", "--machine", _shop.Socket, "xvda", "-");
        byte[] part = new byte[1 << 20];
        await copy.Output.ReadExactlyAsync(part);
        await first.SignalAsync("KILL");
        await first.EndAsync();
        await copy.Output.CopyToAsync(Stream.Null);
        ToolResult end = await copy.EndAsync();
        using RunningTool second = await _shop.ServeAsync(image);
        ToolResult again = await _shop.CopyAsync("xvda", _shop.Path("copy.raw"));

        Assert.Equal(1, end.ExitCode);
        Assert.Contains("went away", end.Error, StringComparison.Ordinal);
        AssertIsSentence(end);
        Assert.True(again.ExitCode == 0, $"{again}");
        Assert.Equal(Workshop.Digest(image), Workshop.Digest(_shop.Path("copy.raw")));
    }

    [Fact]
    public async Task A_killed_machine_ends_the_backend_and_the_copy_with_a_sentence()
    {
        string image = _shop.Noise("image.raw", 16 << 20, seed: 2);
        using RunningTool machine = await _shop.MachineAsync();
        using RunningTool serve = await _shop.ServeAsync(image);
        using RunningTool copy = RunningTool.Start("cp", "--machine", _shop.Socket, "-", "xvda");
        await copy.Input.WriteAsync(new byte[1 << 20]);
        await copy.Input.FlushAsync();
        await _shop.UntilConnectedAsync();

        await machine.SignalAsync("KILL");
        ToolResult serveEnd = await serve.EndAsync();
        ToolResult copyEnd = await copy.EndAsync();

        Assert.Equal(1, serveEnd.ExitCode);
        Assert.Contains("machine", serveEnd.Error, StringComparison.Ordinal);
        AssertIsSentence(serveEnd);
        Assert.Equal(1, copyEnd.ExitCode);
        AssertIsSentence(copyEnd);
    }

    [Fact]
    public async Task A_write_that_was_flushed_is_on_the_file_after_the_backend_was_killed()
    {
        string source = _shop.Noise("source.raw", 3 << 20, seed: 3);
        string target = _shop.Sparse("target.raw", 3 << 20);
        using RunningTool serve = await _shop.ServeAsync(target);

        ToolResult copy = await _shop.CopyAsync(source, "xvda");
        await serve.SignalAsync("KILL");
        await serve.EndAsync();

        Assert.True(copy.ExitCode == 0, $"{copy}");
        Assert.Equal(Workshop.Digest(source), Workshop.Digest(target));
    }

    [Fact]
    public async Task A_killed_frontend_leaves_the_backend_serving()
    {
        string image = _shop.Noise("image.raw", 16 << 20, seed: 4);
        using RunningTool machine = await _shop.MachineAsync();
        using RunningTool serve = await _shop.ServeAsync(image);
        using RunningTool victim = RunningTool.Start("cp", "--machine", _shop.Socket, "xvda", "-");
        await victim.Output.ReadExactlyAsync(new byte[1 << 20]);

        await victim.SignalAsync("KILL");
        await victim.EndAsync();
        ToolResult next = await _shop.CopyAsync("xvda", _shop.Path("copy.raw"));

        Assert.True(next.ExitCode == 0, $"{next}");
        Assert.Equal(Workshop.Digest(image), Workshop.Digest(_shop.Path("copy.raw")));
    }

    [Fact]
    public async Task Ctrl_C_closes_the_disk_in_order()
    {
        string target = _shop.Sparse("target.raw", 8 << 20);
        using RunningTool serve = await _shop.ServeAsync(target);
        using RunningTool copy = RunningTool.Start("cp", "--machine", _shop.Socket, "-", "xvda");
        byte[] data = new byte[1 << 20];
        Array.Fill(data, (byte)7);
        await copy.Input.WriteAsync(data);
        await copy.Input.FlushAsync();
        await Workshop.UntilAsync(() => FirstByte(target) == 7, "the first write reaches the image");

        await copy.SignalAsync("INT");
        ToolResult end = await copy.EndAsync();
        string state = _shop.FrontendState();
        await serve.SignalAsync("INT");
        ToolResult serveEnd = await serve.EndAsync();

        Assert.True(end.ExitCode == 130, $"{end}");
        AssertIsSentence(end);
        Assert.Equal("6", state); // Closed: nobody who dies leaves that
        Assert.True(serveEnd.ExitCode == 130, $"{serveEnd}");
        Assert.Contains("Closed", serveEnd.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_medium_is_an_error_of_the_copy_and_the_backend_goes_on()
    {
        Tool.Require("unshare", "util-linux");
        string mount = _shop.Path("small");
        Directory.CreateDirectory(mount);
        string[] by =
        [
            "unshare", "--user", "--map-root-user", "--mount", "--", "sh", "-c",
            $"mount -t tmpfs -o size=8m tmpfs '{mount}' && truncate -s 32M '{mount}/disk.raw' && exec \"$0\" \"$@\"",
        ];
        (int unshared, _) = await Tool.RunProgramAsync(by[0], [.. by[1..5], "true"]);
        Assert.SkipUnless(unshared == 0, "this kernel gives ordinary users no mounts of their own (unshare --user)");
        string source = _shop.Noise("source.raw", 32 << 20, seed: 5);
        using RunningTool machine = await _shop.MachineAsync();
        using RunningTool serve = RunningTool.StartBy(by, "serve", "--machine", _shop.Socket, $"{mount}/disk.raw");
        await serve.LineAsync("ready");

        ToolResult full = await _shop.CopyAsync(source, "xvda");
        ToolResult after = await _shop.CopyAsync("xvda", _shop.Path("after.raw"));

        Assert.Equal(1, full.ExitCode);
        Assert.Contains("I/O error", full.Error, StringComparison.Ordinal);
        AssertIsSentence(full);
        Assert.True(after.ExitCode == 0, $"{after}");
        Assert.Equal(32 << 20, new FileInfo(_shop.Path("after.raw")).Length);
    }

    private static void AssertIsSentence(ToolResult result)
    {
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("defect", result.Error, StringComparison.Ordinal);
    }

    private static int FirstByte(string path) => Workshop.Read(path, lengthBytes: 1)[0];
}
