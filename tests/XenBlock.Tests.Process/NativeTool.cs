namespace XenBlock.Tests.Process;

/// <summary>xenblk as NativeAOT makes it, artifacts/native/xenblk, if it was made.</summary>
internal static class NativeTool
{
    private static readonly string? s_path = Find();

    /// <summary>Where it is; skips the test where it is not.</summary>
    public static string Path
    {
        get
        {
            Xunit.Assert.SkipWhen(s_path is null, "artifacts/native/xenblk is not there: ./x native");
            return s_path!;
        }
    }

    /// <summary>Starts it.</summary>
    public static RunningTool Start(params string[] arguments) => RunningTool.StartProgram([Path, .. arguments]);

    /// <summary>Runs it to its end.</summary>
    public static async Task<ToolResult> RunAsync(params string[] arguments)
    {
        using RunningTool tool = Start(arguments);
        tool.Input.Close();
        return await tool.EndAsync();
    }

    private static string? Find()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string path = System.IO.Path.Combine(at.FullName, "artifacts", "native", "xenblk");
            if (File.Exists(path))
                return path;
        }

        return null;
    }
}
