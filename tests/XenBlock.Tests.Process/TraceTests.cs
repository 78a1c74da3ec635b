using System.Text.Json;
using Xunit;

namespace XenBlock.Tests.Process;

/// <summary>A disk between two processes, traced by a third, and processes that are killed.</summary>
public sealed class TraceTests : IDisposable
{
    private readonly Workshop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task A_disk_in_use_is_traced_from_a_third_process()
    {
        string image = _shop.Sparse("image.raw", 64 << 20);
        using RunningTool serve = await _shop.ServeAsync("--allow-trace", image);
        using RunningTool load = Load("--allow-trace");
        await _shop.UntilConnectedAsync();
        JsonElement trace = await _shop.TraceAsync("t", "--seconds", "1");
        Assert.Equal("frontend (dom1), backend (dom0)", trace.GetProperty("ends").GetString());
        Assert.Equal(0, trace.GetProperty("clockOffsetNanoseconds").GetInt64());
        Assert.Contains("write", Operations(trace, "whole"));
        Assert.Contains("read", Operations(trace, "whole"));
        AssertAddsUp(trace);
        Assert.NotEmpty(trace.GetProperty("diagnosis").GetProperty("headline").GetString()!);
        Assert.DoesNotContain("alone", $"{trace.GetProperty("diagnosis")}", StringComparison.Ordinal);
        Assert.True(File.Exists(_shop.Path("t/trace.pftrace")));
        await AssertBabeltraceReadsAsync(_shop.Path("t/ctf"));
        await AssertBlkparseReadsAsync(_shop.Path("t/xvda"));
        AssertPage("t", trace, "whole");
        await AssertOpensAgainAsync("t", trace);
        await load.SignalAsync("TERM");
        await load.EndAsync();
        await serve.SignalAsync("TERM");
        ToolResult end = await serve.EndAsync();
        Assert.True(end.ExitCode == 0, $"{end}");
    }

    [Fact]
    public async Task The_end_that_allows_it_is_traced_alone()
    {
        string image = _shop.Sparse("image.raw", 64 << 20);
        using RunningTool machine = await _shop.MachineAsync();
        using (RunningTool serve = await _shop.ServeAsync("--allow-trace", image))
        {
            using RunningTool load = Load();
            await _shop.UntilConnectedAsync();
            JsonElement trace = await _shop.TraceAsync("back", "--seconds", "0.5");
            Assert.Contains("read", Operations(trace, "backend"));
            Assert.Contains("backend alone", $"{trace.GetProperty("diagnosis")}", StringComparison.Ordinal);
            AssertAddsUp(trace);
            AssertPage("back", trace, "backend");
            await load.SignalAsync("KILL");
            await load.EndAsync();
            await serve.SignalAsync("TERM");
            await serve.EndAsync();
        }

        using RunningTool second = await _shop.ServeAsync(image);
        using RunningTool traced = Load("--allow-trace");
        await _shop.UntilConnectedAsync();
        JsonElement front = await _shop.TraceAsync("front", "--seconds", "0.5");
        Assert.Contains("read", Operations(front, "frontend"));
        AssertAddsUp(front);
        AssertPage("front", front, "frontend");
    }

    [Fact]
    public async Task What_a_killed_process_had_recorded_is_read_by_a_tracer_that_was_there()
    {
        string image = _shop.Sparse("image.raw", 64 << 20);
        using RunningTool machine = await _shop.MachineAsync();
        using RunningTool serve = await _shop.ServeAsync("--allow-trace", image);
        using RunningTool load = Load("--allow-trace");
        await _shop.UntilConnectedAsync();
        using RunningTool tracer = RunningTool.Start(
            "trace", "--machine", _shop.Socket, "-o", _shop.Path("t"), "--seconds", "4", "--json");
        await Workshop.UntilAsync(() => LevelOfBackend().StartsWith("phases", StringComparison.Ordinal), "it is on");
        await serve.SignalAsync("KILL");
        await serve.EndAsync();
        await load.SignalAsync("KILL");
        await load.EndAsync();
        ToolResult end = await tracer.EndAsync();
        Assert.True(end.ExitCode == 0, $"{end}");
        JsonElement trace = JsonDocument.Parse(end.Output).RootElement;
        Assert.NotEmpty(Operations(trace, "whole"));
        AssertAddsUp(trace);
        await AssertBabeltraceReadsAsync(_shop.Path("t/ctf"));
    }

    [Fact]
    public async Task What_a_killed_process_had_recorded_is_read_afterwards_if_its_machine_preserves_it()
    {
        string image = _shop.Sparse("image.raw", 64 << 20);
        using RunningTool machine =
            RunningTool.Start("machine", "--socket", _shop.Socket, "--on-crash", "preserve");
        await machine.LineAsync("ready");
        using RunningTool serve = await _shop.ServeAsync("--allow-trace", image);
        using RunningTool load = Load("--allow-trace");
        await _shop.UntilConnectedAsync();
        using (RunningTool tracer = RunningTool.Start(
            "trace", "--machine", _shop.Socket, "-o", _shop.Path("live"), "--seconds", "60"))
        {
            await Workshop.UntilAsync(
                () => LevelOfBackend().StartsWith("phases", StringComparison.Ordinal), "it is on");
            await tracer.SignalAsync("KILL"); // what the recorders hold from now on, nobody has read
            await tracer.EndAsync();
        }

        await serve.SignalAsync("KILL");
        await serve.EndAsync();
        await load.SignalAsync("KILL");
        await load.EndAsync();
        JsonElement trace = await _shop.TraceAsync("after", "--seconds", "0");
        Assert.Equal("frontend (dom1), backend (dom0)", trace.GetProperty("ends").GetString());
        Assert.NotEmpty(Operations(trace, "whole"));
        AssertAddsUp(trace);
        await AssertBabeltraceReadsAsync(_shop.Path("after/ctf"));

        // The control: the next one of that number takes its place, and nothing is left of the dead.
        using RunningTool next = await _shop.ServeAsync(image);
        ToolResult none = await Tool.RunAsync(
            "trace", "--machine", _shop.Socket, "-o", _shop.Path("none"), "--seconds", "0", "--json");
        Assert.DoesNotContain("backend (dom0)", none.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_points_of_a_benchs_trace_are_told_apart()
    {
        string folder = _shop.Path("bench");
        ToolResult bench = await Tool.RunAsync(
            "bench", "--trace", "phases", "--out", folder, "--size", "8M", "--sizes", "4K", "--depths", "1,32",
            "--access", "persistent", "--repeats", "1");
        Assert.True(bench.ExitCode == 0, $"{bench}");
        JsonElement[] measured = [.. Json(await File.ReadAllTextAsync(folder + "/report.json")).GetProperty("points")
            .EnumerateArray()];
        JsonElement all = await OpenedAsync("-o", _shop.Path("again"));
        JsonElement[] points = [.. all.GetProperty("points").EnumerateArray()];
        Assert.Equal(measured.Length, points.Length);
        Assert.Empty(all.GetProperty("operations").EnumerateArray());
        Assert.Contains("id=\"report\"", File.ReadAllText(_shop.Path("again/report.html")), StringComparison.Ordinal);
        for (int i = 0; i < points.Length; i++)
        {
            JsonElement operation = Assert.Single(points[i].GetProperty("operations").EnumerateArray());
            Assert.Equal(
                measured[i].GetProperty("operation").GetString(), operation.GetProperty("operation").GetString());
            Assert.InRange(
                operation.GetProperty("requests").GetInt32(),
                1,
                measured[i].GetProperty("trace").GetProperty("requests").GetInt32());
            Assert.True(JsonElement.DeepEquals(
                measured[i].GetProperty("diagnosis"), points[i].GetProperty("diagnosis")));
            JsonElement one = await OpenedAsync("--point", $"{i + 1}");
            Assert.Equal($"{operation}", $"{Assert.Single(one.GetProperty("operations").EnumerateArray())}");
        }

        // By its records alone each is judged by itself.
        File.Delete(folder + "/report.json");
        JsonElement alone = await OpenedAsync();
        Assert.DoesNotContain("do not say", $"{alone}", StringComparison.Ordinal);
        Assert.Equal(points.Length, alone.GetProperty("points").GetArrayLength());
        ToolResult none = await Tool.RunAsync("trace", "--open", folder, "--point", "99");
        Assert.Equal(2, none.ExitCode);
        Assert.Contains("--point is 99", none.Error, StringComparison.Ordinal);

        async Task<JsonElement> OpenedAsync(params string[] arguments)
        {
            ToolResult opened = await Tool.RunAsync(["trace", "--open", folder, "--json", .. arguments]);
            Assert.True(opened.ExitCode == 0, $"{opened}");
            return Json(opened.Output);
        }

        static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;
    }

    [Fact]
    public async Task What_cannot_be_traced_is_a_sentence()
    {
        string image = _shop.Sparse("image.raw", 4 << 20);
        using RunningTool serve = await _shop.ServeAsync(image);
        ToolResult none = await Tool.RunAsync("trace", "--machine", _shop.Socket, "-o", _shop.Path("t"));
        Assert.Equal(2, none.ExitCode);
        Assert.Contains("--allow-trace", none.Error, StringComparison.Ordinal);
        ToolResult nowhere = await Tool.RunAsync("trace", "--machine", _shop.Socket);
        Assert.Equal(2, nowhere.ExitCode);
        Assert.Contains("-o DIR", nowhere.Error, StringComparison.Ordinal);
        string other = _shop.Sparse("other.raw", 4 << 20);
        ToolResult tracer = await Tool.RunAsync("serve", "--machine", _shop.Path("other.sock"), "--tracer", "5", other);
        Assert.Equal(2, tracer.ExitCode);
        Assert.Contains("--allow-trace", tracer.Error, StringComparison.Ordinal);
    }

    // The page holds every operation of the table, with the same numbers of requests, and says what machine it was.
    private void AssertPage(string folder, JsonElement trace, string ends)
    {
        string page = File.ReadAllText(_shop.Path(folder + "/report.html"));
        string json = page.Split("id=\"report\">")[1].Split("</script>")[0];
        JsonElement report = JsonDocument.Parse(json).RootElement;
        Assert.Equal("xenblk.traced", report.GetProperty("schema").GetString());
        JsonElement[] points = [.. report.GetProperty("points").EnumerateArray()];
        Assert.All(points, point => Assert.Equal(ends, point.GetProperty("ends").GetString()));
        int Requests(JsonElement point) => point.GetProperty("trace").GetProperty("requests").GetInt32();
        Assert.Equal(
            trace.GetProperty("operations").EnumerateArray().Sum(one => one.GetProperty("requests").GetInt32()),
            Requests(points[0]));
        Assert.Equal(Requests(points[0]), points.Length == 1 ? Requests(points[0]) : points.Skip(1).Sum(Requests));
        Assert.Contains("id=\"requests-0\"", page, StringComparison.Ordinal);
        Assert.Contains("Emulated machine", page, StringComparison.Ordinal);
        Assert.DoesNotContain("{{", page.Split("<script")[0], StringComparison.Ordinal);
    }

    // A trace that was saved says the same when it is opened, with or without what lies beside its records.
    private async Task AssertOpensAgainAsync(string folder, JsonElement trace)
    {
        ToolResult opened = await Tool.RunAsync("trace", "--open", _shop.Path(folder), "-o", _shop.Path("a"), "--json");
        Assert.True(opened.ExitCode == 0, $"{opened}");
        Assert.Equal(trace.ToString(), JsonDocument.Parse(opened.Output).RootElement.ToString());
        AssertPage("a", trace, "whole");
        string stream = _shop.Path(folder + "/ctf/stream-000");
        File.Move(stream, _shop.Path("away"));
        ToolResult less = await Tool.RunAsync("trace", "--open", _shop.Path(folder), "--json");
        Assert.True(less.ExitCode == 0, $"{less}");
        JsonElement left = JsonDocument.Parse(less.Output).RootElement;
        Assert.Contains("missing", left.GetProperty("problems").ToString(), StringComparison.Ordinal);
        Assert.NotEqual(trace.GetProperty("ends").GetString(), left.GetProperty("ends").GetString());
        File.Move(_shop.Path("away"), stream);
        File.Delete(_shop.Path(folder + "/trace.json"));
        ToolResult alone = await Tool.RunAsync("trace", "--open", _shop.Path(folder + "/ctf"), "--json");
        Assert.True(alone.ExitCode == 0, $"{alone}");
        Assert.Equal(
            trace.GetProperty("operations").ToString(),
            JsonDocument.Parse(alone.Output).RootElement.GetProperty("operations").ToString());
        await File.WriteAllBytesAsync(stream, new byte[5000]);
        ToolResult damaged = await Tool.RunAsync("trace", "--open", _shop.Path(folder));
        Assert.Equal(2, damaged.ExitCode);
        Assert.Contains("stream-000", damaged.Error, StringComparison.Ordinal);
    }

    private RunningTool Load(params string[] arguments) => RunningTool.Start(
    [
        "verify", "--machine", _shop.Socket, "xvda", "--overwrite", "--seconds", "600", "--jobs", "4", "--seed", "3",
        .. arguments,
    ]);

    // The level of whichever process of dom0 there is.
    private string LevelOfBackend()
    {
        const string Root = "/local/domain/0/data/xenblk-trace";
        string store = _shop.Socket + ".xenstore";
        string name = Tool.RunAsync("store", "list", "--socket", store, Root)
            .GetAwaiter().GetResult().Output.Trim().Split('\n')[0];
        return Tool.RunAsync("store", "read", "--socket", store, $"{Root}/{name}/level")
            .GetAwaiter().GetResult().Output.Trim();
    }

    private static List<string> Operations(JsonElement trace, string part) =>
    [
        .. trace.GetProperty("operations").EnumerateArray()
            .Where(operation => operation.GetProperty("part").GetString() == part)
            .Select(operation => operation.GetProperty("operation").GetString()!),
    ];

    private static void AssertAddsUp(JsonElement trace)
    {
        Assert.NotEmpty(trace.GetProperty("operations").EnumerateArray());
        foreach (JsonElement operation in trace.GetProperty("operations").EnumerateArray())
        {
            long sum = operation.GetProperty("phases").EnumerateArray()
                .Sum(phase => phase.GetProperty("totalNanoseconds").GetInt64());
            Assert.Equal(operation.GetProperty("totalNanoseconds").GetInt64(), sum);
            Assert.True(operation.GetProperty("requests").GetInt32() > 0);
        }
    }

    private static async Task AssertBabeltraceReadsAsync(string folder)
    {
        if (!File.Exists("/usr/bin/babeltrace2")) return; // the unit tests say which package it is
        (int exitCode, string output) = await Tool.RunProgramAsync("/usr/bin/babeltrace2", folder);
        Assert.True(exitCode == 0, output);
        Assert.Contains("request", output, StringComparison.Ordinal);
    }

    private static async Task AssertBlkparseReadsAsync(string file)
    {
        if (!File.Exists("/usr/bin/blkparse")) return;
        (int exitCode, string output) = await Tool.RunProgramAsync("/usr/bin/blkparse", "-i", file);
        Assert.True(exitCode == 0, output);
    }
}
