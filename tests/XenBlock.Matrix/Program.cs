using System.Globalization;
using XenBlock.Matrix;

// The diagnosis on disks whose cause is known, and what recording costs. See the manual of ./x.
int rounds = 3;
string? output = null;
string only = "";
string? pages = null;
bool isCost = false;
bool explains = false;
for (int i = 0; i < args.Length; i++)
{
    bool isLast = i + 1 == args.Length;
    switch (args[i])
    {
        case "--cost":
            isCost = true;
            break;
        case "--explain":
            explains = true;
            break;
        case "--rounds" when !isLast && int.TryParse(args[i + 1], CultureInfo.InvariantCulture, out int number)
            && number > 0:
            rounds = number;
            i++;
            break;
        case "--out" when !isLast:
            output = args[++i];
            break;
        case "--pages" when !isLast:
            pages = args[++i];
            break;
        case "--only" when !isLast:
            only = args[++i];
            break;
        default:
            await Console.Error.WriteLineAsync($"diagnose: \"{args[i]}\" is not understood. "
                + "It takes --rounds N, --only D7, --explain, --out docs/diagnosis.md, --pages DIR for the page of "
                + "each bad disk, or --cost for what recording costs (--only door: tracing from outside).");
            return 2;
    }
}

if (isCost)
{
    int pairs = rounds < 10 ? 40 : rounds;
    if (only != "door") await RecorderCost.RunAsync(pairs);
    await DoorCost.RunAsync(pairs);
    return 0;
}

Scenario[] scenarios =
    [.. Scenario.All.Where(scenario => only.Length == 0 || scenario.Rule == only)];
if (scenarios.Length == 0)
{
    await Console.Error.WriteLineAsync(
        $"diagnose: there is no disk for the rule {only}; --only takes D1 to D15, without D0.");
    return 2;
}

var runs = new List<ScenarioRun>();
foreach (Scenario scenario in scenarios)
{
    string? page = pages is null ? null : Path.Combine(pages, $"{runs.Count + 1:D2}-{scenario.Rule}");
    var run = new ScenarioRun(scenario, rounds, explains, page);
    await run.RunAsync();
    runs.Add(run);
    string predicted = run.Predicted?.ToString("N2", CultureInfo.InvariantCulture) ?? "none";
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{scenario.Rule,-4}{(scenario.IsExtreme ? "(extreme) " : "")}named {run.Hits} of {rounds}, "
            + $"false alarms {run.FalseAlarms}; gain {predicted} predicted, {run.Measured:N2} measured; "
            + $"{scenario.Name}"));
    Console.WriteLine($"     bad:      {run.Bad[^1].Headline}");
    Console.WriteLine($"     repaired: {run.Repaired[^1].Headline}");
}

if (output is not null) MatrixDocument.Write(output, runs, rounds);
return runs.All(run => run.Hits > 0) ? 0 : 1;
