using XenBlock.Cli.CommandLine;
using XenBlock.Protocol;

namespace XenBlock.Cli.Copy;

/// <summary>One end of a copy, as the user named it.</summary>
/// <param name="Text">What was typed.</param>
/// <param name="Vdev">The disk, if it is one.</param>
internal sealed record CopyEnd(string Text, string? Vdev)
{
    private const string DiskPrefix = "vbd:";

    /// <summary>True for standard input or output.</summary>
    public bool IsStandardStream => Text is "-";

    /// <summary>True for a disk of the domain.</summary>
    public bool IsDisk => Vdev is not null;

    /// <summary>Reads "xvda", "vbd:xvda", "-" or a path. A bare disk's name is the disk; ./xvda is the file.</summary>
    /// <exception cref="UsageException">What follows "vbd:" is no disk.</exception>
    public static CopyEnd Parse(string text)
    {
        bool isNamedSo = text.StartsWith(DiskPrefix, StringComparison.Ordinal);
        string name = isNamedSo ? text[DiskPrefix.Length..] : text;
        bool isDisk = VbdName.TryParse(name, out _, out string? problem);
        if (isNamedSo && !isDisk)
            throw new UsageException(Failure.Sentence(problem!));

        // A number is a disk to the parser of names, but people who type one mean a file.
        bool isMeant = isNamedSo || (isDisk && !char.IsAsciiDigit(name[0]));
        return new CopyEnd(text, isMeant ? name : null);
    }
}
