namespace XenBlock.Tests.House;

/// <summary>The files of this clone, as text. What is generated or comes from elsewhere is left out.</summary>
internal static class Repository
{
    private static readonly string[] FoldersLeftOut = ["artifacts", ".git", ".vs", "bin", "obj"];

    /// <summary>Files that others wrote and that we only carry.</summary>
    private static readonly string[] Vendored = ["src/XenBlock.Cli/Report/assets/uPlot"];

    private static readonly string[] TextExtensions =
    [
        "", ".c", ".cs", ".csproj", ".css", ".h", ".html", ".js", ".json", ".md", ".props", ".sh", ".slnx", ".targets",
        ".txt",
    ];

    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<SourceFile> Files { get; } = ReadAll();

    public static SourceFile File(string path) => Files.SingleOrDefault(file => file.Path == path)
        ?? throw new FileNotFoundException($"the repository has no {path}");

    public static IEnumerable<SourceFile> Under(string folder, string extension) =>
        Files.Where(file => file.IsUnder(folder) && file.Is(extension));

    private static List<SourceFile> ReadAll()
    {
        var files = new List<SourceFile>();
        Collect(new DirectoryInfo(Root), "", files);
        return files;
    }

    private static void Collect(DirectoryInfo directory, string prefix, List<SourceFile> files)
    {
        foreach (FileInfo file in directory.EnumerateFiles().OrderBy(file => file.Name, StringComparer.Ordinal))
        {
            string path = prefix + file.Name;
            if (Vendored.Any(vendored => path.StartsWith(vendored, StringComparison.Ordinal))) continue;
            if (file.Name == "LICENSE" || !TextExtensions.Contains(file.Extension)) continue;
            files.Add(new SourceFile(path, System.IO.File.ReadAllText(file.FullName)));
        }

        foreach (DirectoryInfo folder in directory.EnumerateDirectories().OrderBy(folder => folder.Name))
        {
            if (!FoldersLeftOut.Contains(folder.Name)) Collect(folder, $"{prefix}{folder.Name}/", files);
        }
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(at.FullName, "XenBlock.slnx"))) return at.FullName;
        }

        throw new DirectoryNotFoundException("the House tests must run from a build inside the repository");
    }
}
