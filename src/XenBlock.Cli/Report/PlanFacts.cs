namespace XenBlock.Cli.Report;

/// <summary>What a run was to measure.</summary>
/// <param name="IsQuick">True for the short matrix.</param>
/// <param name="SizesBytes">Sizes of one operation.</param>
/// <param name="Depths">Operations under way at once.</param>
/// <param name="Modes">The modes, with what was agreed.</param>
/// <param name="Pattern">sequential or random.</param>
/// <param name="Repeats">How often each point was to be measured.</param>
/// <param name="RepeatsDone">How often there was time for it.</param>
/// <param name="SampleSeconds">How long each sample was to last.</param>
/// <param name="Queues">Queues of each disk: one, since one thread drives it.</param>
internal sealed record PlanFacts(
    bool IsQuick,
    IReadOnlyList<int> SizesBytes,
    IReadOnlyList<int> Depths,
    IReadOnlyList<ModeFacts> Modes,
    string Pattern,
    int Repeats,
    int RepeatsDone,
    double SampleSeconds,
    int Queues);
