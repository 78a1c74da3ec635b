using System.Text.Json;
using System.Text.RegularExpressions;
using XenBlock.Profiling;
using Xunit;

namespace XenBlock.Tests.Process;

/// <summary>
/// The native tool does what the other does. Every test of this project runs on it with XENBLOCK_TOOL set to its path;
/// these are the ones that say what is special, and a taste of each way in which it could differ.
/// </summary>
public sealed partial class NativeToolTests : IDisposable
{
    private readonly Workshop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task The_native_tool_needs_libc_and_libm_and_nothing_else()
    {
        Tool.Require("readelf", "binutils");

        (int exitCode, string output) = await Tool.RunProgramAsync("readelf", "-d", NativeTool.Path);

        Assert.Equal(0, exitCode);
        string[] needed = [.. Needed().Matches(output).Select(match => match.Groups[1].Value)];
        Assert.NotEmpty(needed);
        Assert.DoesNotContain(
            needed,
            library => library is not ("libc.so.6" or "libm.so.6")
                && !library.StartsWith("ld-linux-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_native_tool_runs_where_there_is_no_dotnet()
    {
        using RunningTool tool =
            RunningTool.StartProgram(["env", "-i", "PATH=/nowhere", NativeTool.Path, "--version"]);

        ToolResult result = await tool.EndAsync();

        Assert.True(result.ExitCode == 0, $"{result}");
        Assert.Equal((await Tool.RunAsync("--version")).Output.Split('+')[0], result.Output.Split('+')[0]);
    }

    [Fact]
    public async Task The_native_tool_tells_a_tracer_of_its_pauses_and_threads_without_event_sources()
    {
        // A youngest generation so small that what a verifying process allocates is collected again and again.
        const string Small = "DOTNET_GCgen0size=10000";
        string image = _shop.Sparse("image.raw", 64 << 20);
        using RunningTool serve = RunningTool.StartProgram(
            ["env", Small, NativeTool.Path, "serve", "--machine", _shop.Socket, "--allow-trace", image]);
        await serve.LineAsync("ready");
        using RunningTool load = RunningTool.StartProgram(
        [
            "env", Small, NativeTool.Path, "verify", "--machine", _shop.Socket, "xvda", "--overwrite", "--seconds",
            "600", "--jobs", "4", "--allow-trace",
        ]);
        await _shop.UntilConnectedAsync();
        IReadOnlyList<PauseInterval> pauses = [];
        for (int i = 0; i < 5 && pauses.Count == 0; i++)
        {
            await _shop.TraceAsync("t", "--seconds", "3");
            IReadOnlyList<RecordedTrace> streams = CtfReader.Read(_shop.Path("t/ctf"));
            pauses = ProcessRecords.Pauses(streams);
            Assert.NotNull(ProcessRecords.Thread(streams, TraceSide.Backend));
        }

        Assert.NotEmpty(pauses);
        Assert.All(pauses, pause => Assert.InRange(pause.ToNs - pause.FromNs, 1, 3_000_000_000));
        await load.SignalAsync("TERM");
        await load.EndAsync();
        await serve.SignalAsync("TERM");
        await serve.EndAsync();
    }

    [Theory]
    [InlineData("--help", "xenblk bench --quick")]
    [InlineData("bench --help", "--model")]
    [InlineData("store serve --help", "--socket")]
    [InlineData("completion bash", "complete -o filenames")]
    [InlineData("[suggest:9] xenblk@be", "bench")]
    [InlineData("[suggest:22] xenblk@bench@--access@", "persistent")]
    public async Task The_native_tool_says_what_the_other_says(string arguments, string expected)
    {
        string[] words = [.. arguments.Split(' ').Select(word => word.Replace('@', ' '))];

        ToolResult native = await NativeTool.RunAsync(words);

        Assert.Equal(await Tool.RunAsync(words), native);
        Assert.Equal(0, native.ExitCode);
        Assert.Contains(expected, native.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("frobnicate", "frobnicate")]
    [InlineData("serve DIR/missing.raw", "missing.raw")]
    [InlineData("cp xvda DIR/copy.raw --machine DIR/none.sock", "No machine")]
    [InlineData("bench --modes fast", "--modes")]
    [InlineData("store ls --socket DIR/none.sock", "none.sock")]
    public async Task A_mistake_is_the_same_sentence_and_exit_code_in_the_native_tool(string arguments, string expected)
    {
        string[] words = arguments.Replace("DIR", _shop.Directory, StringComparison.Ordinal).Split(' ');

        ToolResult native = await NativeTool.RunAsync([.. words, "--json"]);

        Assert.Equal(await Tool.RunAsync([.. words, "--json"]), native);
        Assert.Equal(2, native.ExitCode);
        Assert.Contains(expected, native.Error, StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(native.Output);
        Assert.Equal("xenblk.error/1", document.RootElement.GetProperty("schema").GetString());
    }

    // The two builds share the memory of one machine, so its layout must be the same in both.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_native_tool_and_another_serve_each_other(bool isServerNative)
    {
        string image = _shop.Noise("image.raw", (8 << 20) + 512, seed: 1);
        string copy = _shop.Path("copy.raw");
        string server = isServerNative ? NativeTool.Path : Tool.Path;
        string client = isServerNative ? Tool.Path : NativeTool.Path;
        using RunningTool serve = RunningTool.StartProgram([server, "serve", "--machine", _shop.Socket, image]);
        await serve.LineAsync("ready");

        using RunningTool info =
            RunningTool.StartProgram([client, "info", "xvda", "--machine", _shop.Socket, "--json"]);
        ToolResult infoEnd = await info.EndAsync();
        using RunningTool copier = RunningTool.StartProgram([client, "cp", "--machine", _shop.Socket, "xvda", copy]);
        ToolResult copierEnd = await copier.EndAsync();
        await serve.SignalAsync("TERM");
        ToolResult serveEnd = await serve.EndAsync();

        Assert.True(infoEnd.ExitCode == 0, $"{infoEnd}");
        Assert.True(copierEnd.ExitCode == 0, $"{copierEnd}");
        Assert.True(serveEnd.ExitCode == 0, $"{serveEnd}");
        using JsonDocument document = JsonDocument.Parse(infoEnd.Output);
        Assert.Equal((8 << 20) + 512, document.RootElement.GetProperty("sizeBytes").GetInt64());
        Assert.Equal(Workshop.Digest(image), Workshop.Digest(copy));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    public async Task The_native_tool_measures_with_as_many_processes(string processes)
    {
        ToolResult result = await NativeTool.RunAsync(
            "bench", "--processes", processes, "--size", "8M", "--sizes", "4K,64K", "--depths", "1,8", "--seconds",
            "0.01", "--repeats", "1", "--no-baselines", "--json", "--out", _shop.Path("report"));

        Assert.True(result.ExitCode == 0, $"{result}");
        using JsonDocument document = JsonDocument.Parse(result.Output);
        Assert.Equal("xenblk.bench", document.RootElement.GetProperty("schema").GetString());
        Assert.NotEqual(0, document.RootElement.GetProperty("points").GetArrayLength());
        Assert.True(File.Exists(_shop.Path("report/report.html")));
    }

    [GeneratedRegex(@"\(NEEDED\).*\[(.*)\]")]
    private static partial Regex Needed();
}
