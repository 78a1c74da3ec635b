namespace XenBlock.Conformance;

/// <summary>A rule for frontends, the stages that it needs, and how they are judged.</summary>
internal sealed class FrontendRule
{
    private readonly Func<StageRecord[], Finding> _judge;

    public FrontendRule(
        string id, string title, string source, FrontendStage[] stages, Func<StageRecord[], Finding> judge,
        RuleRisk risk = RuleRisk.None)
    {
        Rule = new Rule(id, title, source, risk);
        Stages = stages;
        _judge = judge;
    }

    public Rule Rule { get; }

    public IReadOnlyList<FrontendStage> Stages { get; }

    public Finding Judge(IReadOnlyDictionary<FrontendStage, StageRecord> records) =>
        _judge([.. Stages.Where(records.ContainsKey).Select(stage => records[stage])]);
}
