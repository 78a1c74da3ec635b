namespace XenBlock.Conformance;

/// <summary>A verdict with what was seen.</summary>
internal readonly record struct Finding(Verdict Verdict, string Text)
{
    public static Finding Passed(string text = "") => new(Verdict.Passed, text);

    public static Finding Failed(string text) => new(Verdict.Failed, text);

    public static Finding NotApplicable(string why) => new(Verdict.NotApplicable, why);

    /// <summary>Failed if there is a problem, else passed.</summary>
    public static Finding Of(string? problem, string text = "") =>
        problem is null ? Passed(text) : Failed(problem);
}
