using System.Text.Json;
using Xunit;

namespace XenBlock.Tests.Process;

/// <summary>Disks that come and go while others stay, as a toolstack sees them.</summary>
public sealed class ToolstackTests : IDisposable
{
    private readonly Workshop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task List_shows_every_disk_with_both_ends_states()
    {
        string image = _shop.Noise("image.raw", 1 << 20, seed: 1);
        using RunningTool machine = await _shop.MachineAsync();
        Assert.Contains("no disk", (await ListAsync()).Error, StringComparison.Ordinal);
        using RunningTool serve = await _shop.ServeAsync($"{image}=xvdc", "-r");

        ToolResult text = await ListAsync();
        ToolResult json = await ListAsync("--json");

        Assert.Matches(@"1\s+xvdc\s+r\s+Initialising\s+InitWait\s+xenblk\s+" + image, text.Output);
        using JsonDocument document = JsonDocument.Parse(json.Output);
        JsonElement disk = Assert.Single(document.RootElement.GetProperty("disks").EnumerateArray());
        Assert.Equal("xvdc", disk.GetProperty("vdev").GetString());
        Assert.Equal("xenblk", disk.GetProperty("backend").GetString());
        await serve.SignalAsync("TERM");
        await serve.EndAsync();
        Assert.Contains("no disk", (await ListAsync()).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_says_who_serves_by_who_lives_and_not_by_what_stands_in_the_store()
    {
        string image = _shop.Noise("image.raw", 1 << 20, seed: 1);
        using RunningTool machine = await _shop.MachineAsync();
        using RunningTool serve = await _shop.ServeAsync(image);
        ToolResult copy = await _shop.CopyAsync("xvda", _shop.Path("copy.raw"));
        Assert.True(copy.ExitCode == 0, $"{copy}");

        ToolResult unused = await ListAsync();
        await serve.SignalAsync("KILL");
        await serve.EndAsync();
        ToolResult killed = await ListAsync();

        Assert.Matches(@"xvda\s+w\s+Closed\s+\w+\s+xenblk", unused.Output);
        Assert.Matches(@"xvda\s+w\s+Closed\s+\w+\s+nobody", killed.Output);
        using RunningTool next = await _shop.ServeAsync(image);
        await next.SignalAsync("KILL");
        await next.EndAsync();
        Assert.Matches(@"xvda\s+w\s+\w+\s+InitWait\s+nobody", (await ListAsync()).Output);
    }

    [Fact]
    public async Task A_write_that_the_image_has_no_room_for_is_told_once_with_its_cause()
    {
        string image = _shop.Sparse("image.raw", 8 << 20);
        string noise = _shop.Noise("noise.raw", 8 << 20, seed: 5);
        using RunningTool machine = await _shop.MachineAsync();
        using RunningTool serve = RunningTool.StartBy(
            ["bash", "-c", "ulimit -f 2048; exec env DOTNET_EnableWriteXorExecute=0 \"$@\"", "limited"],
            "serve",
            "--machine",
            _shop.Socket,
            image);
        await serve.LineAsync("ready");

        ToolResult copy = await _shop.CopyAsync(noise, "xvda");
        await serve.SignalAsync("TERM");
        ToolResult end = await serve.EndAsync();

        Assert.Equal(1, copy.ExitCode);
        Assert.Equal(2, end.Error.Split("xvda of domain 1: a write at ").Length);
        Assert.Contains("File too large; files may not be so large here", end.Error, StringComparison.Ordinal);
        Assert.Matches(@"written, [1-9]\d* errors", end.Output);
        Assert.DoesNotContain("8 MiB written", end.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Detach_takes_one_disk_away_and_its_backend_ends_with_the_last()
    {
        string one = _shop.Noise("one.raw", 1 << 20, seed: 2);
        string two = _shop.Noise("two.raw", 1 << 20, seed: 3);
        using RunningTool machine = await _shop.MachineAsync();
        using RunningTool serve = await _shop.ServeAsync(one, two);

        ToolResult first = await DetachAsync("1", "xvdb");
        ToolResult copy = await _shop.CopyAsync("xvda", _shop.Path("copy.raw"));
        ToolResult second = await DetachAsync("1", "xvda");
        ToolResult end = await serve.EndAsync();
        ToolResult again = await DetachAsync("1", "xvda");

        Assert.True(first.ExitCode == 0, $"{first}");
        Assert.True(copy.ExitCode == 0, $"{copy}");
        Assert.True(second.ExitCode == 0, $"{second}");
        Assert.True(end.ExitCode == 0, $"{end}");
        Assert.Contains("No disk is left", end.Error, StringComparison.Ordinal);
        Assert.Equal(2, again.ExitCode);
        Assert.Contains("has no xvda", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_that_another_toolstack_made_is_served_as_its_nodes_say_and_stays()
    {
        string image = _shop.Noise("image.raw", 1 << 20, seed: 4);
        using RunningTool machine = await _shop.MachineAsync();
        const string Directory = "/local/domain/0/backend/vbd/1/51712";
        await WriteAsync(Directory, "");
        string[] readable = ["store", "chmod", "--socket", _shop.Socket + ".xenstore", Directory, "n0", "r1"];
        Assert.Equal(0, (await Tool.RunAsync(readable)).ExitCode);
        await WriteAsync(
            Directory + "/frontend", "/local/domain/1/device/vbd/51712",
            Directory + "/frontend-id", "1",
            Directory + "/online", "1",
            Directory + "/mode", "r",
            Directory + "/params", "aio:" + image,
            Directory + "/state", "1");
        using RunningTool serve = await _shop.ServeAsync("--vbd", "1/xvda");

        ToolResult refused = await DetachAsync("1", "xvda");
        ToolResult copy = await _shop.CopyAsync("xvda", _shop.Path("copy.raw"));
        ToolResult write = await _shop.CopyAsync(image, "xvda");
        await serve.SignalAsync("TERM");
        ToolResult end = await serve.EndAsync();
        ToolResult list = await ListAsync();

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("xl block-detach", refused.Error, StringComparison.Ordinal);
        Assert.True(copy.ExitCode == 0, $"{copy}");
        Assert.Equal(Workshop.Digest(image), Workshop.Digest(_shop.Path("copy.raw")));
        Assert.Contains("read-only", write.Error, StringComparison.Ordinal);
        Assert.True(end.ExitCode == 0, $"{end}");
        Assert.Contains("nobody", list.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_that_is_there_is_measured()
    {
        string image = _shop.Sparse("image.raw", 8 << 20);
        using RunningTool machine = await _shop.MachineAsync();
        using RunningTool serve = await _shop.ServeAsync(image);
        string[] bench =
        [
            "bench", "xvda", "--machine", _shop.Socket, "--sizes", "4K,64K", "--depths", "1,2", "--seconds", "0.02",
            "--repeats", "1",
        ];

        ToolResult read = await Tool.RunAsync(bench);
        ToolResult write = await Tool.RunAsync([.. bench, "--overwrite", "--json"]);

        Assert.True(read.ExitCode == 0, $"{read}");
        Assert.Contains("xvda of domain 1 of 8 MiB", read.Output, StringComparison.Ordinal);
        Assert.Contains("indirect 256", read.Output, StringComparison.Ordinal);
        Assert.Contains("Only read", read.Error, StringComparison.Ordinal);
        Assert.True(write.ExitCode == 0, $"{write}");
        using JsonDocument report = JsonDocument.Parse(write.Output);
        Assert.True(report.RootElement.GetProperty("verification").GetProperty("isOkay").GetBoolean());
        Assert.Equal(24, report.RootElement.GetProperty("points").GetArrayLength());
    }

    [Fact]
    public async Task An_image_that_grows_while_it_is_served_is_noticed_and_one_of_an_odd_size_is_told()
    {
        string image = _shop.Sparse("image.raw", 8 << 20);
        string odd = _shop.Sparse("odd.raw", 8 << 20);
        using RunningTool machine = await _shop.MachineAsync();
        using RunningTool serve = await _shop.ServeAsync(image, odd);
        using RunningTool user = RunningTool.Start(
            "verify", "xvda", "--machine", _shop.Socket, "--overwrite", "--seconds", "60", "--json");
        await _shop.UntilConnectedAsync();

        // They are looked at in turn: who has seen the first one's new size has gone on to the odd one.
        Resize(odd, (24 << 20) + 7);
        Resize(image, 24 << 20);
        await Workshop.UntilAsync(() => Sectors() == 24 << 11, "the connected frontend is told the new size");
        await user.SignalAsync("INT");
        await user.EndAsync();
        Resize(image, 32 << 20);
        await Workshop.UntilAsync(() => InfoBytes("xvda") == 32 << 20, "the next connection has the next size");
        long oddBytes = InfoBytes("xvdb");
        await serve.SignalAsync("TERM");
        ToolResult end = await serve.EndAsync();

        Assert.Equal(8 << 20, oddBytes);
        Assert.Contains("has another size now: 24 MiB, it had 8 MiB.", end.Error, StringComparison.Ordinal);
        Assert.Contains("not a multiple of the sector size", end.Error, StringComparison.Ordinal);
        Assert.Contains("until then it is served with 8 MiB.", end.Error, StringComparison.Ordinal);
        Assert.True(end.ExitCode == 0, $"{end}");
    }

    // By a program that takes no lock, as truncate; a FileStream would.
    private static void Resize(string image, long sizeBytes)
    {
        string[] words = ["-s", $"{sizeBytes}", image];
        Assert.Equal(0, Tool.RunProgramAsync("truncate", words).GetAwaiter().GetResult().ExitCode);
    }

    private long Sectors() => long.Parse(
        Tool.RunAsync(
            "store", "read", "--socket", _shop.Socket + ".xenstore", "/local/domain/0/backend/vbd/1/51712/sectors")
            .GetAwaiter().GetResult().Output.Trim(),
        System.Globalization.CultureInfo.InvariantCulture);

    private long InfoBytes(string vdev)
    {
        ToolResult info = Tool.RunAsync("info", vdev, "--machine", _shop.Socket, "--json").GetAwaiter().GetResult();
        using JsonDocument document = JsonDocument.Parse(info.Output);
        return document.RootElement.GetProperty("sizeBytes").GetInt64();
    }

    private Task<ToolResult> ListAsync(params string[] arguments) =>
        Tool.RunAsync(["list", "--machine", _shop.Socket, .. arguments]);

    private Task<ToolResult> DetachAsync(params string[] arguments) =>
        Tool.RunAsync(["detach", "--machine", _shop.Socket, .. arguments]);

    private async Task WriteAsync(params string[] pairs)
    {
        ToolResult result =
            await Tool.RunAsync(["store", "write", "--socket", _shop.Socket + ".xenstore", .. pairs]);
        Assert.True(result.ExitCode == 0, $"{result}");
    }
}
