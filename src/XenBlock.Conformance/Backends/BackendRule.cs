namespace XenBlock.Conformance;

/// <summary>A rule for backends, and how it is tried.</summary>
internal sealed class BackendRule(
    string id, string title, string source, RuleRisk risk, Func<BackendProbe, Task<Finding>> tryAsync)
{
    public Rule Rule { get; } = new(id, title, source, risk);

    public Func<BackendProbe, Task<Finding>> TryAsync { get; } = tryAsync;

    /// <summary>A rule that needs nothing but the usual connection.</summary>
    public static BackendRule OnSession(
        string id, string title, string source, RuleRisk risk, Func<BackendProbe, BackendSession, Finding> tryOn) =>
        new(id, title, source, risk, async probe => tryOn(probe, await probe.SessionAsync()));

    /// <summary>A rule about what the backend published.</summary>
    public static BackendRule OnKeys(string id, string title, string source, Func<BackendProbe, Finding> judge) =>
        new(id, title, source, RuleRisk.None, async probe =>
        {
            await probe.SessionAsync();
            return judge(probe);
        });
}
