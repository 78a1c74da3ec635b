using System.Text.Json;
using Xunit;

namespace XenBlock.Tests.Process;

/// <summary>Every mistake is one sentence and exit code 2, and nothing is lost by it.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly Workshop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Theory]
    [InlineData("serve", "DIR/missing.raw", "DIR/missing.raw")]
    [InlineData("serve", "DIR", "directory")]
    [InlineData("serve", "DIR/odd.raw", "multiple")]
    [InlineData("serve", "DIR/empty.raw", "empty")]
    [InlineData("serve", "DIR/hidden.raw", "read")]
    [InlineData("serve", "DIR/readonly.raw", "read-only")]
    [InlineData("serve", "DIR/good.raw=xvd1", "xvd1")]
    [InlineData("serve", "DIR/good.raw=xvda DIR/other.raw=xvda", "twice")]
    [InlineData("serve", "--domain 0 DIR/good.raw", "domain")]
    [InlineData("serve", "--domain 40000 DIR/good.raw", "domain")]
    [InlineData("serve", "--disk vdev=xvda", "path=")]
    [InlineData("serve", "--disk path=DIR/good.raw,colour=red", "colour=red")]
    [InlineData("serve", "", "Nothing to serve")]
    [InlineData("serve", "--access telepathy DIR/good.raw", "telepathy")]
    [InlineData("serve", "--queues 17 DIR/good.raw", "--queues")]
    [InlineData("serve", "--machine DIR/no/such/dir/m.sock DIR/good.raw", "no/such/dir")]
    [InlineData("cp", "xvda DIR/copy.raw", "No machine")]
    [InlineData("cp", "DIR/missing.raw xvda", "missing.raw")]
    [InlineData("cp", "DIR/good.raw DIR/copy.raw", "disk")]
    [InlineData("cp", "xvda xvdb", "both disks")]
    [InlineData("cp", "vbd:nothing DIR/copy.raw", "nothing")]
    [InlineData("cp", "xvda", "Required argument")]
    [InlineData("info", "xvda", "No machine")]
    [InlineData("info", "nothing", "nothing")]
    [InlineData("check", "--rule telepathy", "telepathy")]
    [InlineData("check", "--patience 0", "--patience")]
    [InlineData("check", "backend nothing", "nothing")]
    [InlineData("check", "backend xvda --machine DIR/none.sock", "No machine")]
    [InlineData("check", "frontend xvda --size 3", "--size")]
    [InlineData("check", "frontend xvda --seconds 0", "--seconds")]
    [InlineData("check", "sideways", "sideways")]
    [InlineData("bench", "--size 3K", "--size")]
    [InlineData("bench", "--sizes 1000", "--sizes")]
    [InlineData("bench", "--depths 0", "--depths")]
    [InlineData("bench", "--modes fast", "--modes")]
    [InlineData("bench", "--image DIR/missing.raw", "missing.raw")]
    [InlineData("bench", "--image DIR/odd.raw", "multiple")]
    [InlineData("bench", "--image DIR/good.raw --only write", "--overwrite")]
    [InlineData("bench", "--processes 3", "--processes")]
    [InlineData("bench", "--seconds -1", "--seconds")]
    [InlineData("bench", "--model floppy", "floppy")]
    [InlineData("bench", "--out DIR/good.raw/below", "--out")]
    [InlineData("bench", "xvda --store null", "--store")]
    [InlineData("bench", "xvda --access copy", "--access copy")]
    [InlineData("bench", "nothing", "nothing")]
    [InlineData("serve", "--vbd nothing", "DOMAIN/VDEV")]
    [InlineData("serve", "--vbd 1/nothing", "nothing")]
    [InlineData("list", "--machine DIR/none.sock", "none.sock")]
    [InlineData("detach", "1 nothing --machine DIR/none.sock", "nothing")]
    [InlineData("detach", "1 xvda --timeout 0 --machine DIR/none.sock", "--timeout")]
    [InlineData("attach", "1 DIR/good.raw --machine DIR/none.sock", "xenblk serve")]
    [InlineData("hotplug", "add", "XENBUS_PATH")]
    [InlineData("hotplug", "mend", "mend")]
    [InlineData("store", "ls --socket DIR/none.sock", "none.sock")]
    [InlineData("store", "", "Required command")]
    [InlineData("machine", "--socket DIR/no/such/dir/m.sock", "no/such/dir")]
    [InlineData("completion", "tcsh", "tcsh")]
    [InlineData("frobnicate", "", "frobnicate")]
    public Task A_mistake_gets_a_sentence_and_exit_code_2(string command, string arguments, string expected) =>
        AssertRefusedAsync(command, arguments, expected);

    [Theory]
    [InlineData("serve", "DIR/good.raw=xvda DIR/good.raw=xvdb", "the image of 2 disks")]
    [InlineData("serve", "--domain abc DIR/good.raw", "which is not a whole number")]
    [InlineData("verify", "xvda --seconds abc", "which is not a number")]
    [InlineData("bench", "--seconds NaN", "--seconds")]
    [InlineData("bench", "--size 100000T", "has no room")]
    [InlineData("top", "--tracer 0 --machine DIR/none.sock", "a tracer is 1 to")]
    [InlineData("detach", "1 xvda --timeout NaN --machine DIR/none.sock", "--timeout")]
    public Task A_value_that_an_option_does_not_take_is_named(string command, string arguments, string expected) =>
        AssertRefusedAsync(command, arguments, expected);

    [Fact]
    public async Task A_mistake_under_json_is_a_document_too()
    {
        ToolResult result = await Tool.RunAsync("cp", "xvda", "copy.raw", "--machine", _shop.Socket, "--json");

        using JsonDocument document = JsonDocument.Parse(result.Output);
        Assert.Equal("xenblk.error/1", document.RootElement.GetProperty("schema").GetString());
        Assert.Equal(2, document.RootElement.GetProperty("exitCode").GetInt32());
        string message = document.RootElement.GetProperty("message").GetString()!;
        Assert.Contains("No machine", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_running_machine_does_not_have_is_said()
    {
        string image = _shop.Noise("image.raw", 1 << 20, seed: 6);
        string large = _shop.Noise("large.raw", 2 << 20, seed: 7);
        string spare = _shop.Noise("spare.raw", 1 << 20, seed: 8);
        using RunningTool machine = await _shop.MachineAsync();
        using RunningTool serve = await _shop.ServeAsync(image);

        AssertMistake(await Tool.RunAsync("machine", "--socket", _shop.Socket), "in use");
        AssertMistake(await Tool.RunAsync("serve", "--machine", _shop.Socket, image), "in use");
        AssertMistake(await Tool.RunAsync("serve", "--machine", _shop.Socket, spare), "dom0");
        AssertMistake(await _shop.CopyAsync("xvdq", _shop.Path("copy.raw")), "xvdq");
        AssertMistake(
            await Tool.RunAsync("check", "backend", "xvdq", "--machine", _shop.Socket),
            "xvdq is not a disk of domain 1; it has xvda.");
        AssertMistake(await _shop.CopyAsync("--domain", "9", "xvda", _shop.Path("copy.raw")), "domain 9");
        AssertMistake(await _shop.CopyAsync(large, "xvda"), "larger disk");
        AssertMistake(
            await Tool.RunAsync("store", "read", "--socket", _shop.Socket + ".xenstore", "/nothing"), "/nothing");
        using RunningTool holder = RunningTool.Start("cp", "--machine", _shop.Socket, "-", "xvda");
        await holder.Input.WriteAsync(File.ReadAllBytes(image).AsMemory(0, 4096));
        await holder.Input.FlushAsync();
        await _shop.UntilConnectedAsync();
        AssertMistake(await _shop.CopyAsync("xvda", _shop.Path("copy.raw")), "in use");
        await serve.SignalAsync("TERM");
        await serve.EndAsync();
    }

    [Fact]
    public async Task A_domain_that_the_machine_does_not_know_cannot_be_served()
    {
        string image = _shop.Noise("image.raw", 1 << 20, seed: 9);
        using RunningTool machine = await _shop.MachineAsync();

        ToolResult result = await Tool.RunAsync("serve", "--machine", _shop.Socket, "--domain", "7", image);

        AssertMistake(result, "no domain 7");
    }

    private async Task AssertRefusedAsync(string command, string arguments, string expected)
    {
        _shop.Noise("good.raw", 64 << 10, seed: 1);
        _shop.Noise("other.raw", 64 << 10, seed: 2);
        _shop.Noise("odd.raw", 1000, seed: 3);
        _shop.Sparse("empty.raw", 0);
        SetMode(_shop.Noise("hidden.raw", 4096, seed: 4), UnixFileMode.None);
        SetMode(_shop.Noise("readonly.raw", 4096, seed: 5), UnixFileMode.UserRead);
        Dictionary<string, string> before = Contents();
        string[] words = [command, .. arguments.Replace("DIR", _shop.Directory, StringComparison.Ordinal)
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        string[] machine = command is "serve" or "cp" or "info" && !words.Contains("--machine")
            ? ["--machine", _shop.Socket]
            : [];

        ToolResult result = await Tool.RunAsync([.. words, .. machine]);

        AssertMistake(result, expected.Replace("DIR", _shop.Directory, StringComparison.Ordinal));
        Assert.Equal(before, Contents());
    }

    private static void AssertMistake(ToolResult result, string expected)
    {
        Assert.True(result.ExitCode == 2, $"{result}");
        Assert.StartsWith("xenblk: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(result.Output);
    }

    private Dictionary<string, string> Contents() => Directory.GetFiles(_shop.Directory)
        .Where(path => !path.EndsWith("hidden.raw", StringComparison.Ordinal))
        .ToDictionary(path => path, Workshop.Digest, StringComparer.Ordinal);

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, mode);
    }
}
