using Xunit;

namespace XenBlock.Tests.Process;

/// <summary>Help, completion, and the store commands.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly Workshop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("bench")]
    [InlineData("serve")]
    [InlineData("machine")]
    [InlineData("info")]
    [InlineData("cp")]
    [InlineData("check")]
    [InlineData("check backend")]
    [InlineData("check frontend")]
    [InlineData("attach")]
    [InlineData("detach")]
    [InlineData("list")]
    [InlineData("hotplug")]
    [InlineData("store")]
    [InlineData("store serve")]
    [InlineData("store watch")]
    [InlineData("completion")]
    public async Task Help_describes_and_gives_examples(string command)
    {
        ToolResult result =
            await Tool.RunAsync([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);

        Assert.True(result.ExitCode == 0, $"{result}");
        Assert.Contains("Description:", result.Output, StringComparison.Ordinal);
        Assert.Contains("Examples:", result.Output, StringComparison.Ordinal);
        Assert.Contains("xenblk " + command, result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("bench-backend", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bash", "complete -o filenames -F _xenblk_complete")]
    [InlineData("zsh", "#compdef xenblk")]
    [InlineData("fish", "complete -c xenblk")]
    public async Task Completion_prints_a_script_for(string shell, string expected)
    {
        ToolResult result = await Tool.RunAsync("completion", shell);

        Assert.True(result.ExitCode == 0, $"{result}");
        Assert.Contains(expected, result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Completion_knows_the_commands_and_their_words()
    {
        ToolResult commands = await Tool.RunAsync("[suggest:9]", "xenblk be");
        ToolResult access = await Tool.RunAsync("[suggest:22]", "xenblk bench --access ");

        Assert.Contains("bench", commands.Output, StringComparison.Ordinal);
        Assert.Contains("persistent", access.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_store_commands_work_on_a_store_of_their_own()
    {
        string socket = _shop.Path("store.sock");
        using RunningTool server = RunningTool.Start("store", "serve", "--socket", socket);
        await server.LineAsync("ready");
        Task<ToolResult> Store(params string[] words) =>
            Tool.RunAsync(["store", words[0], "--socket", socket, .. words[1..]]);

        Assert.Equal(0, (await Store("write", "/tool/a", "one", "/tool/b", "two words")).ExitCode);
        Assert.Equal("one\ntwo words\n", (await Store("read", "/tool/a", "/tool/b")).Output);
        Assert.Equal("a\nb\n", (await Store("list", "/tool")).Output);
        Assert.Equal("a = \"one\"\nb = \"two words\"\n", (await Store("ls", "/tool")).Output);
        Assert.Equal(0, (await Store("chmod", "/tool/a", "n1", "r2")).ExitCode);
        Assert.StartsWith("/tool/a = \"one\"   (n1,r2)\n", (await Store("ls", "-f", "-p", "/tool")).Output);
        Assert.Equal(0, (await Store("exists", "/tool/a")).ExitCode);
        Assert.Equal(0, (await Store("rm", "/tool/a")).ExitCode);
        Assert.Equal(1, (await Store("exists", "/tool/a")).ExitCode);
        using RunningTool watch = RunningTool.Start("store", "watch", "--socket", socket, "-n", "2", "/tool");
        await watch.LineAsync("/tool");
        await Store("write", "/tool/c", "3");
        Assert.Contains("/tool/c", (await watch.EndAsync()).Output, StringComparison.Ordinal);
        await server.SignalAsync("TERM");
        Assert.Equal(0, (await server.EndAsync()).ExitCode);
        Assert.False(File.Exists(socket));
    }
}
