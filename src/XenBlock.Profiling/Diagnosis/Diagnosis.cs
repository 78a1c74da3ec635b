namespace XenBlock.Profiling;

/// <summary>Why a disk is as slow as it is.</summary>
/// <param name="Outcome">Whether a cause is named.</param>
/// <param name="Headline">All of it in one sentence or two.</param>
/// <param name="Findings">
/// The causes, the one that costs most first, and the disk behind last; empty unless one is named.
/// </param>
/// <remarks>docs/diagnosis.md has each rule with its threshold, and how it did on disks whose cause is known.</remarks>
public sealed record Diagnosis(DiagnosisOutcome Outcome, string Headline, IReadOnlyList<DiagnosisFinding> Findings)
{
    private static readonly DiagnosisRule[] _causes =
    [
        new UnmapPerRequestRule(), new RingFullRule(), new MergeMissingRule(), new SegmentLimitRule(),
        new NotifyStormRule(), new WakeUpRule(), new SerialFrontendRule(), new SerialBackendRule(), new AccessRule(),
        new FlushRule(), new PoolRule(), new PauseRule(),
    ];

    // The disk behind is not to be changed by an option: it comes after what is.
    private static readonly DiagnosisRule[] _behind = [new StoreBoundRule()];

    // True of most disks that are driven hard: worth saying only where nothing else is to be said.
    private static readonly DiagnosisRule[] _lastResorts = [new ProcessorRule(), new SmallRequestsRule()];

    /// <summary>Examines a disk.</summary>
    /// <param name="facts">What is known of it.</param>
    public static Diagnosis Of(DiskFacts facts)
    {
        if (OneEnd(facts) is { } alone) return new Diagnosis(DiagnosisOutcome.Unknown, alone, []);
        if (Refusal.Of(facts) is { } refusal) return new Diagnosis(DiagnosisOutcome.Unknown, refusal, []);
        var model = new StageModel(facts);
        List<DiagnosisFinding> findings = [.. Judge(_causes, facts, model), .. Judge(_behind, facts, model)];
        if (findings.Count == 0) findings = Judge(_lastResorts, facts, model);
        if (findings.Count != 0) return new Diagnosis(DiagnosisOutcome.Named, Words.Headline(findings[0]), findings);
        return model.IsSaturated
            ? new Diagnosis(DiagnosisOutcome.Fine, Words.Fine(facts, model), [])
            : new Diagnosis(DiagnosisOutcome.Unknown, Words.Unknown(facts), []);
    }

    // Half of a request says where its time went at that end, and not whether that is much of it.
    private static string? OneEnd(DiskFacts facts)
    {
        RequestTrace? half = facts.Requests.FirstOrDefault(request => request.Part != TracedPart.Whole);
        if (half is null) return null;
        bool isFrontend = half.Part == TracedPart.Frontend;
        (string here, string there) = isFrontend ? ("frontend", "backend") : ("backend", "frontend");
        return $"Unknown (D0): the {here} alone was traced; a trace of both ends, with the {there} started with "
            + "--allow-trace too, would tell.";
    }

    private static List<DiagnosisFinding> Judge(DiagnosisRule[] rules, DiskFacts facts, StageModel model) =>
    [
        .. rules.Select(rule => rule.Judge(facts, model)).OfType<DiagnosisFinding>()
            .OrderByDescending(finding => finding.PredictedGain ?? 1),
    ];
}
