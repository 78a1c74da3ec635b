using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using XenBlock.Native;
using Xunit;

namespace XenBlock.Tests.Process;

/// <summary>A directory with images and the socket of a machine.</summary>
internal sealed class Workshop : IDisposable
{
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("xenblk-test-").FullName;

    public string Socket => Path("machine.sock");

    /// <summary>A file in the directory.</summary>
    public string Path(string name) => System.IO.Path.Combine(Directory, name);

    /// <summary>A file of zeros without blocks.</summary>
    public string Sparse(string name, long sizeBytes)
    {
        using FileStream file = File.Create(Path(name));
        file.SetLength(sizeBytes);
        return file.Name;
    }

    /// <summary>A file whose bytes are its own, the same every time.</summary>
    public string Noise(string name, int sizeBytes, int seed)
    {
        byte[] data = new byte[sizeBytes];
        new Random(seed).NextBytes(data);
        File.WriteAllBytes(Path(name), data);
        return Path(name);
    }

    /// <summary>An ext4 file system with files in it, made without root.</summary>
    public async Task<string> Ext4Async(string name, string size)
    {
        Tool.Require("mkfs.ext4", "e2fsprogs");
        string files = Path(name + ".files");
        System.IO.Directory.CreateDirectory(System.IO.Path.Combine(files, "deep", "er"));
        for (int i = 0; i < 20; i++)
        {
            byte[] data = new byte[50_000 * (i + 1)];
            new Random(i).NextBytes(data);
            await File.WriteAllBytesAsync(System.IO.Path.Combine(files, "deep", $"{i}.bin"), data);
        }

        (int exitCode, string output) =
            await Tool.RunProgramAsync("/usr/sbin/mkfs.ext4", "-q", "-F", "-d", files, Path(name), size);
        Assert.True(exitCode == 0, output);
        return Path(name);
    }

    /// <summary>Fails unless a file system is clean.</summary>
    public static async Task FsckAsync(string image)
    {
        (int exitCode, string output) = await Tool.RunProgramAsync("/usr/sbin/fsck.ext4", "-f", "-n", image);
        Assert.True(exitCode == 0, output);
    }

    /// <summary>What a file contains, in 64 digits.</summary>
    public static string Digest(string path) => Convert.ToHexString(SHA256.HashData(Read(path)));

    /// <summary>The bytes of a file, whoever holds a lock on it.</summary>
    public static byte[] Read(string path, int? lengthBytes = null)
    {
        Assert.Equal(0, PositionedFile.OpenUnlocked(path, isWritable: false, out SafeFileHandle file));
        using (file)
        {
            byte[] data = new byte[lengthBytes ?? checked((int)RandomAccess.GetLength(file))];
            for (int done = 0; done < data.Length;)
            {
                int count = RandomAccess.Read(file, data.AsSpan(done), done);
                Assert.NotEqual(0, count);
                done += count;
            }

            return data;
        }
    }

    /// <summary>A machine that is a process of its own.</summary>
    public async Task<RunningTool> MachineAsync()
    {
        RunningTool machine = RunningTool.Start("machine", "--socket", Socket);
        await machine.LineAsync("ready");
        return machine;
    }

    /// <summary>Serves images on the machine at the socket, or hosts one.</summary>
    public async Task<RunningTool> ServeAsync(params string[] arguments)
    {
        RunningTool serve = RunningTool.Start(["serve", "--machine", Socket, .. arguments]);
        await serve.LineAsync("ready");
        return serve;
    }

    /// <summary>Runs cp on the machine at the socket.</summary>
    public Task<ToolResult> CopyAsync(params string[] arguments) =>
        Tool.RunAsync(["cp", "--machine", Socket, .. arguments]);

    /// <summary>Traces xvda of domain 1 into a folder, and gives what the tracer says.</summary>
    public async Task<JsonElement> TraceAsync(string folder, params string[] arguments)
    {
        // What a process publishes is there a moment after its disk is connected.
        using CancellationTokenSource deadline = new(Tool.Deadline);
        while (true)
        {
            ToolResult result = await Tool.RunAsync(
                ["trace", "--machine", Socket, "-o", Path(folder), "--json", .. arguments]);
            if (result.ExitCode == 0) return JsonDocument.Parse(result.Output).RootElement;
            Assert.True(result.ExitCode == 2 && !deadline.IsCancellationRequested, $"{result}");
        }
    }

    /// <summary>Waits until xvda of domain 1 is connected.</summary>
    public Task UntilConnectedAsync() => UntilAsync(() => FrontendState() is "4", "the disk is connected");

    /// <summary>The frontend's state of xvda of domain 1, as a number.</summary>
    public string FrontendState() => Tool.RunAsync(
        "store", "read", "--socket", Socket + ".xenstore", "/local/domain/1/device/vbd/51712/state")
        .GetAwaiter().GetResult().Output.Trim();

    /// <summary>Waits until something holds.</summary>
    public static async Task UntilAsync(Func<bool> holds, string what)
    {
        using CancellationTokenSource deadline = new(Tool.Deadline);
        while (!holds())
        {
            if (deadline.IsCancellationRequested)
                Assert.Fail($"It never came true that {what}.");
            await Task.Delay(20);
        }
    }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}
