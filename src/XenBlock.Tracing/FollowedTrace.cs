using XenBlock.Profiling;

namespace XenBlock.Tracing;

/// <summary>
/// What a tracer has at the end: one part if the ends' clocks could be brought together, else one an end.
/// </summary>
/// <param name="Parts">One or two.</param>
/// <param name="Clock">How far the ends' clocks are apart; null where one end was traced, or it cannot be said.</param>
/// <param name="ClockSentence">The same in words.</param>
public sealed record FollowedTrace(IReadOnlyList<FollowedPart> Parts, ClockOffset? Clock, string ClockSentence)
{
    internal static FollowedTrace Of(IReadOnlyList<TracedRecorder> recorders)
    {
        TracedRecorder[] full = [.. recorders.Where(recorder => recorder.Stream.Packets.Count != 0)];
        RecordedTrace[] all = [.. full.Select(recorder => recorder.Stream)];
        string[] clocks = [.. full.Select(recorder => recorder.Clock).Distinct(StringComparer.Ordinal)];
        if (all.Select(stream => stream.Side).Distinct().Count() < 2)
        {
            return new FollowedTrace(
                [FollowedPart.Of("", all, slackNs: 0)], null, all.Length == 0
                    ? "nothing was recorded"
                    : $"the {TraceKeys.WordOf(all[0].Side)} alone was traced");
        }

        if (clocks.Length == 1)
        {
            return new FollowedTrace(
                [FollowedPart.Of("", all, slackNs: 0)], ClockOffset.Same, "both ends have one clock");
        }

        string problem = $"there are {clocks.Length} clocks";
        ClockOffset? clock = clocks.Length == 2 ? ClockOffset.Estimate(all, out problem) : null;
        if (clock is null)
        {
            return new FollowedTrace(
                [Part(TraceSide.Frontend), Part(TraceSide.Backend)],
                null,
                $"the ends have clocks of their own, and how far they are apart cannot be said: {problem}; "
                    + "each end is shown alone");
        }

        RecordedTrace[] moved =
        [
            .. all.Select(stream => stream.Side == TraceSide.Backend ? stream.Moved(clock) : stream),
        ];
        return new FollowedTrace(
            [FollowedPart.Of("", moved, clock.ErrorNs)],
            clock,
            FormattableString.Invariant(
                $"the backend's clock is ahead by {clock.OffsetNs / 1e6:F3} ms, within {clock.ErrorNs / 1e3:F1} us")
                + FormattableString.Invariant($", and gains {clock.Drift * 1e6:F2} us a second"));

        FollowedPart Part(TraceSide side) =>
            FollowedPart.Of(TraceKeys.WordOf(side), [.. all.Where(stream => stream.Side == side)], slackNs: 0);
    }
}
