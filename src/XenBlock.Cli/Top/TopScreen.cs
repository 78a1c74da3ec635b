using System.Globalization;
using System.Text;
using XenBlock.Cli.Report;
using XenBlock.Profiling;

namespace XenBlock.Cli.Top;

/// <summary>The screen as lines of text, none longer than it is wide; what is on it depends on nothing else.</summary>
internal static class TopScreen
{
    /// <summary>The narrowest screen that holds all columns; on a narrower one the lines are cut.</summary>
    public const int WidthMin = 80;

    private const int ColumnsWidth = 52;
    private const int VerdictLinesMax = 3;
    private const string Indent = "   ";

    // One letter a phase, so that a bar can be read without colours: in the order of a request's way.
    private const string Letters = "gwnkbmqSuroF";

    /// <summary>Draws it.</summary>
    /// <param name="samples">The disks.</param>
    /// <param name="state">What the user has chosen.</param>
    /// <param name="machine">Where they are, in a word.</param>
    /// <param name="width">Columns of the screen.</param>
    public static IReadOnlyList<string> Draw(
        IReadOnlyList<TopSample> samples, TopState state, string machine, int width)
    {
        int visible = Math.Max(width, 2);
        width = Math.Max(width, WidthMin);
        IReadOnlyList<TopSample> sorted = state.Sort(samples);
        List<string> lines = [Title(sorted, state, machine)];
        lines.Add("");
        if (sorted.Count == 0)
            lines.Add("There is no disk.");
        else if (state.IsZoomed)
            lines.AddRange(Zoom(sorted[state.ChosenIndex(sorted)], width));
        else
            lines.AddRange(List(sorted, state, width));
        lines.Add("");
        lines.Add(TopState.Help);
        return [.. lines.Select(line => line.Length <= visible ? line : line[..(visible - 1)] + "~")];
    }

    private static string Title(IReadOnlyList<TopSample> sorted, TopState state, string machine)
    {
        double total = sorted.Sum(sample => sample.BytesPerSecond);
        string disks = sorted.Count == 1 ? "1 disk" : $"{sorted.Count} disks";
        string paused = state.IsPaused ? "  PAUSED" : "";
        return $"xenblk top  {machine}  {disks}  {Megabytes(total)} MB/s  "
            + $"by {state.Order.ToString().ToLowerInvariant()}{paused}";
    }

    private static IEnumerable<string> List(IReadOnlyList<TopSample> sorted, TopState state, int width)
    {
        yield return Row("disk", "MB/s", "req/s", "depth", "p50", "p99", "ev/req") + "  where the time goes";
        int chosen = state.ChosenIndex(sorted);
        int bar = width - ColumnsWidth - 2;
        for (int i = 0; i < sorted.Count; i++)
        {
            TopSample one = sorted[i];
            string disk = (i == chosen ? ">" : " ") + one.Disk;
            if (one.Ends.Length == 0)
            {
                yield return $"{disk,-13} {one.Verdict}";
                continue;
            }

            string row = Row(
                disk,
                Megabytes(one.BytesPerSecond),
                Number(one.RequestsPerSecond),
                one.Depth.ToString("N1", CultureInfo.InvariantCulture),
                Duration(one.P50Ns),
                Duration(one.P99Ns),
                one.NotificationsPerRequest.ToString("N2", CultureInfo.InvariantCulture));
            yield return $"{row}  {(one.Requests == 0 ? one.Verdict : Bar(one.Phases, bar))}".TrimEnd();
            if (i != chosen || one.Requests == 0) continue;
            foreach (string line in Wrapped(one.Verdict, width - Indent.Length).Take(VerdictLinesMax))
                yield return Indent + line;
        }
    }

    private static IEnumerable<string> Zoom(TopSample one, int width)
    {
        yield return one.Ends.Length == 0 ? one.Disk : $"{one.Disk}: {one.Ends}";
        if (one.Requests == 0)
        {
            yield return one.Verdict;
            yield break;
        }

        yield return $"{Megabytes(one.BytesRead / one.Seconds)} MB/s read, "
            + $"{Megabytes(one.BytesWritten / one.Seconds)} MB/s written, {Number(one.RequestsPerSecond)} requests/s, "
            + string.Create(CultureInfo.InvariantCulture, $"{one.Depth:N1} under way");
        yield return $"{Duration(one.P50Ns)} for half of them, {Duration(one.P99Ns)} for 99 of 100; "
            + string.Create(CultureInfo.InvariantCulture, $"{one.NotificationsPerRequest:N2} events a request")
            + (one.Lost > 0 ? string.Create(CultureInfo.InvariantCulture, $"; {one.Lost:N0} records lost") : "");
        yield return "";
        int bar = width - 40;
        foreach (PhaseTime phase in one.Phases)
        {
            string name = $"{Letters[(int)phase.Phase]} {PhasesReport.NameOf(phase.Phase)}";
            int length = (int)Math.Round(phase.Share * bar);
            string numbers = $"{name,-18} {Duration(phase.MeanNs),8} {Share(phase.Share),5}";
            yield return $"{numbers}  {new string('#', length)}".TrimEnd();
        }

        yield return "";
        foreach (string line in Wrapped(one.Diagnosis?.Headline ?? one.Verdict, width)) yield return line;
        foreach (DiagnosisFinding also in (one.Diagnosis?.Findings ?? []).Skip(1))
        {
            foreach (string line in Wrapped($"Besides ({also.Rule}): {also.Sentence} {also.Advice}", width))
                yield return line;
        }
    }

    // Lines of whole words; a word that is longer than a line is cut by the caller.
    private static IEnumerable<string> Wrapped(string text, int width)
    {
        StringBuilder line = new();
        foreach (string word in text.Split(' '))
        {
            if (line.Length != 0 && line.Length + 1 + word.Length > width)
            {
                yield return line.ToString();
                line.Clear();
            }

            if (line.Length != 0) line.Append(' ');
            line.Append(word);
        }

        yield return line.ToString();
    }

    private static string Row(params string[] cells) =>
        $"{cells[0],-11} {cells[1],6} {cells[2],6} {cells[3],5} {cells[4],6} {cells[5],6} {cells[6],6}";

    // Each phase as many letters as its share; what rounding leaves over goes to the largest remainders.
    private static string Bar(IReadOnlyList<PhaseTime> phases, int width)
    {
        int[] lengths = [.. phases.Select(phase => (int)(phase.Share * width))];
        int left = width - lengths.Sum();
        int[] largest = [.. Enumerable.Range(0, phases.Count)
            .OrderByDescending(i => (phases[i].Share * width) - lengths[i])];
        for (int i = 0; i < largest.Length && left > 0; i++, left--) lengths[largest[i]]++;
        StringBuilder bar = new(width);
        for (int i = 0; i < phases.Count; i++) bar.Append(Letters[(int)phases[i].Phase], lengths[i]);
        return bar.ToString();
    }

    private static string Megabytes(double bytesPerSecond) =>
        (bytesPerSecond / 1e6).ToString(bytesPerSecond < 1e8 ? "N1" : "N0", CultureInfo.InvariantCulture);

    private static string Number(double value) => value switch
    {
        >= 1e6 => (value / 1e6).ToString("N1", CultureInfo.InvariantCulture) + "M",
        >= 1e5 => (value / 1e3).ToString("N0", CultureInfo.InvariantCulture) + "k",
        _ => value.ToString("N0", CultureInfo.InvariantCulture),
    };

    // With its unit, in six columns: one column holds microseconds and seconds.
    private static string Duration(double nanoseconds) => nanoseconds switch
    {
        >= 999.5e6 => (nanoseconds / 1e9).ToString("F1", CultureInfo.InvariantCulture) + "s",
        >= 99.95e6 => (nanoseconds / 1e6).ToString("F0", CultureInfo.InvariantCulture) + "ms",
        >= 9.9995e6 => (nanoseconds / 1e6).ToString("F1", CultureInfo.InvariantCulture) + "ms",
        >= 99.95e3 => (nanoseconds / 1e3).ToString("F0", CultureInfo.InvariantCulture) + "us",
        _ => (nanoseconds / 1e3).ToString("F1", CultureInfo.InvariantCulture) + "us",
    };

    private static string Share(double share) => share.ToString("P0", CultureInfo.InvariantCulture);
}
