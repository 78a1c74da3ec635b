using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace XenBlock.Tests.House.Coverage;

/// <summary>
/// Branches covered by several test projects together, from their cobertura reports. Where two reports cover the same
/// line in part, the better one counts: a lower bound, since each may have taken another branch.
/// </summary>
internal sealed partial class BranchCoverage
{
    private readonly Dictionary<(string Room, string Place), (int Covered, int Valid)> _lines = [];

    /// <summary>The rooms seen, in order.</summary>
    public IEnumerable<string> Rooms => _lines.Keys.Select(key => key.Room).Distinct().Order(StringComparer.Ordinal);

    /// <summary>Adds a report. Its methods count; the lists of whole classes say the same again.</summary>
    public void Add(XDocument report)
    {
        foreach (XElement method in report.Descendants("method"))
        {
            XElement type = method.Parent!.Parent!;
            string room = type.Parent!.Parent!.Attribute("name")!.Value;
            string name =
                string.Join(' ', type.Attribute("name"), method.Attribute("name"), method.Attribute("signature"));
            foreach (XElement line in method.Descendants("line"))
            {
                Match counts = Counts().Match(line.Attribute("condition-coverage")?.Value ?? "");
                (string, string) key = (room, $"{name} {line.Attribute("number")}");
                if (counts.Success) Take(key, Number(counts, 1), Number(counts, 2));
            }
        }
    }

    /// <summary>Branches of a room: how many were taken, and how many there are.</summary>
    public (int Covered, int Valid) Of(string room)
    {
        (int Covered, int Valid)[] lines = [.. _lines.Where(line => line.Key.Room == room).Select(line => line.Value)];
        return (lines.Sum(line => line.Covered), lines.Sum(line => line.Valid));
    }

    /// <summary>The part of a room's branches that was taken, in per cent; 0 for a room that no report has.</summary>
    public double PercentOf(string room)
    {
        (int covered, int valid) = Of(room);
        return valid == 0 ? 0 : 100.0 * covered / valid;
    }

    private void Take((string Room, string Place) key, int covered, int valid)
    {
        (int Covered, int Valid) known = _lines.GetValueOrDefault(key);
        _lines[key] = (Math.Max(covered, known.Covered), Math.Max(valid, known.Valid));
    }

    private static int Number(Match match, int group) =>
        int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\((\d+)/(\d+)\)")]
    private static partial Regex Counts();
}
