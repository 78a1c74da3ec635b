using System.Xml.Linq;

namespace XenBlock.Tests.House.Architecture;

/// <summary>What a project file says that the rules ask about.</summary>
internal sealed class ProjectFile
{
    private readonly XDocument _xml;

    public ProjectFile(SourceFile file)
    {
        Path = file.Path;
        Name = System.IO.Path.GetFileNameWithoutExtension(file.Path);
        _xml = XDocument.Parse(file.Text);
    }

    public static IReadOnlyList<ProjectFile> InSource { get; } = ReadUnder("src/");

    public static IReadOnlyList<ProjectFile> InTests { get; } = ReadUnder("tests/");

    public static IReadOnlyList<ProjectFile> InSamples { get; } = ReadUnder("samples/");

    public string Path { get; }

    public string Name { get; }

    /// <summary>The names of the projects it refers to.</summary>
    public IReadOnlyList<string> ProjectReferences =>
        [.. Includes("ProjectReference").Select(path => System.IO.Path.GetFileNameWithoutExtension(path))];

    public IReadOnlyList<string> PackageReferences => [.. Includes("PackageReference")];

    public bool AllowsUnsafe => Property("AllowUnsafeBlocks") == "true";

    public bool HasVersions =>
        _xml.Descendants("PackageReference").Any(reference => reference.Attribute("Version") is not null);

    public string? Property(string name) => _xml.Descendants(name).LastOrDefault()?.Value;

    private static ProjectFile[] ReadUnder(string folder) =>
        [.. Repository.Under(folder, ".csproj").Select(file => new ProjectFile(file))];

    private IEnumerable<string> Includes(string element) =>
        _xml.Descendants(element).Select(reference => reference.Attribute("Include")?.Value ?? "");
}
