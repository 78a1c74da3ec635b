namespace XenBlock.Backend;

/// <summary>What was under way on a ring when the process that served it died.</summary>
/// <param name="RequestConsumer">The ring's next request.</param>
/// <param name="ResponseProducer">The ring's next response.</param>
/// <param name="Answered">
/// Entries whose response the frontend has not seen, in the order in which they were answered.
/// </param>
/// <param name="Taken">Entries that were not answered, in the order in which they were taken.</param>
internal sealed record InFlightRequests(
    uint RequestConsumer, uint ResponseProducer, IReadOnlyList<int> Answered, IReadOnlyList<int> Taken);
