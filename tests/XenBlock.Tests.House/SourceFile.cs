namespace XenBlock.Tests.House;

/// <summary>A file of the repository, or one planted by a test.</summary>
/// <param name="Path">Relative to the root, with forward slashes.</param>
/// <param name="Text">All of it.</param>
internal sealed record SourceFile(string Path, string Text)
{
    private string[]? _lines;

    /// <summary>The lines without their ends.</summary>
    public string[] Lines => _lines ??= Text.Split('\n');

    public bool Is(params string[] extensions) => extensions.Any(e => Path.EndsWith(e, StringComparison.Ordinal));

    public bool IsUnder(params string[] folders) => folders.Any(f => Path.StartsWith(f, StringComparison.Ordinal));

    /// <summary>A script: by its extension, or by its first line.</summary>
    public bool IsScript => Is(".sh") || Text.StartsWith("#!", StringComparison.Ordinal);
}
