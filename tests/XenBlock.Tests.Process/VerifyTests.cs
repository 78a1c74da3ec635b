using System.Text.Json;
using XenBlock.Cli.Verify;
using Xunit;

namespace XenBlock.Tests.Process;

/// <summary>A disk that holds what is written to it, one that does not, and one that must not be written to.</summary>
public sealed class VerifyTests : IDisposable
{
    private readonly Workshop _shop = new();

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task Verify_writes_reads_and_compares_and_tells_its_seed()
    {
        string image = _shop.Sparse("image.raw", 16 << 20);
        using RunningTool serve = await _shop.ServeAsync(image);
        ToolResult result = await Verify("--seconds", "1", "--seed", "7", "--queues", "2", "--json");
        Assert.True(result.ExitCode == 0, $"{result}");
        using JsonDocument document = JsonDocument.Parse(result.Output);
        JsonElement root = document.RootElement;
        Assert.Equal("xenblk.verify/1", root.GetProperty("schema").GetString());
        Assert.Equal(7, root.GetProperty("seed").GetInt32());
        foreach (string count in (string[])["reads", "writes", "flushes", "discards", "bytesRead", "bytesWritten"])
            Assert.True(root.GetProperty(count).GetInt64() > 0, count);
        Assert.Equal(1, root.GetProperty("connections").GetInt64());
    }

    [Fact]
    public async Task A_disk_that_is_changed_behind_its_back_is_told_with_exit_code_1()
    {
        string image = _shop.Sparse("image.raw", 16 << 20);
        using RunningTool serve = await _shop.ServeAsync(image);
        Task<ToolResult> verify = Verify("--seconds", "60");
        byte[] noise = new byte[4096];
        new Random(1).NextBytes(noise);
        using (FileStream behind = new(image, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            while (!verify.IsCompleted)
            {
                for (int block = 0; block < 4096; block += 3)
                {
                    behind.Position = block * 4096L;
                    behind.Write(noise);
                }

                behind.Flush();
                await Task.Delay(50);
            }
        }

        ToolResult result = await verify;
        Assert.True(result.ExitCode == 1, $"{result}");
        Assert.Contains("xvda does not hold what was written to it", result.Error, StringComparison.Ordinal);
        Assert.Contains("The seed was ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_written_unless_it_may_be_lost()
    {
        string image = _shop.Noise("image.raw", 1 << 20, seed: 2);
        string before = Workshop.Digest(image);
        using RunningTool serve = await _shop.ServeAsync(image);
        ToolResult result = await Tool.RunAsync("verify", "xvda", "--machine", _shop.Socket);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--overwrite", result.Error, StringComparison.Ordinal);
        Assert.Equal(before, Workshop.Digest(image));
    }

    private Task<ToolResult> Verify(params string[] words) => Tool.RunAsync(
        ["verify", "xvda", "--overwrite", "--machine", _shop.Socket, .. words]);

    [Theory]
    [InlineData("Flush", "the flush of xvda failed: the machine is gone", "The flush of xvda failed: the "
        + "machine is gone.")]
    [InlineData("Flush", "the machine is gone", "A flush failed: the machine is gone.")]
    [InlineData("Write", "the backend failed the write of 4096 bytes at 512 of xvda", "The backend failed "
        + "the write of 4096 bytes at 512 of xvda.")]
    [InlineData("Read", "the backend went away", "A read of 4096 bytes at 512 failed: the backend went "
        + "away.")]
    public void What_failed_is_said_once_and_a_flush_has_no_place(
        string operation, string message, string sentence) =>
        Assert.Equal(sentence, VerifyJob.WordsOf(Enum.Parse<VerifyOperation>(operation), 4096, 512, message));
}
