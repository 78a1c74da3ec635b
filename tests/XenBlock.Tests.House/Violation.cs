namespace XenBlock.Tests.House;

/// <summary>One breach of a rule.</summary>
internal sealed record Violation(string Path, int Line, string Sentence)
{
    public override string ToString() => Line > 0 ? $"{Path}:{Line}: {Sentence}" : $"{Path}: {Sentence}";
}
