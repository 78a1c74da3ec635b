namespace XenBlock.Tests.House.Tidy;

/// <summary>
/// A rule about the text of one file. Each rule brings a file that breaks it and one that keeps it, so that the test of
/// the rules needs no list of its own.
/// </summary>
internal abstract class TidyRule
{
    /// <summary>Files that must be found wanting.</summary>
    public abstract IReadOnlyList<SourceFile> Broken { get; }

    /// <summary>Files that come near but keep the rule.</summary>
    public abstract IReadOnlyList<SourceFile> Kept { get; }

    /// <summary>Paths that may break the rule, each with the reason.</summary>
    public virtual IReadOnlyDictionary<string, string> Exceptions => new Dictionary<string, string>();

    public abstract bool AppliesTo(SourceFile file);

    public abstract IEnumerable<Violation> Check(SourceFile file);

    /// <summary>All rules, found by reflection: a rule cannot be forgotten.</summary>
    public static IReadOnlyList<TidyRule> All { get; } =
    [
        .. typeof(TidyRule).Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(TidyRule)) && !type.IsAbstract)
            .OrderBy(type => type.Name, StringComparer.Ordinal)
            .Select(type => (TidyRule)Activator.CreateInstance(type)!),
    ];

    /// <summary>The breaches in these files, exceptions left out.</summary>
    public IEnumerable<Violation> CheckAll(IEnumerable<SourceFile> files) =>
        files.Where(file => AppliesTo(file) && !Exceptions.ContainsKey(file.Path)).SelectMany(Check);

    public override string ToString() => GetType().Name;

    /// <summary>A breach for each line that the predicate picks.</summary>
    protected static IEnumerable<Violation> Lines(SourceFile file, Func<string, bool> broken, string sentence)
    {
        for (int i = 0; i < file.Lines.Length; i++)
        {
            if (broken(file.Lines[i])) yield return new Violation(file.Path, i + 1, sentence);
        }
    }
}
