using System.Globalization;
using XenBlock.Soak;
using XenBlock.TestKit.Processes;

// ./x soak: random traffic against a shadow of the disk while frontends and backends are killed. Exit code 0 if all is
// as it has to be, 1 if not, 2 for words that are not understood.
PeerProcess.PlayIfAsked(new Dictionary<string, Func<string[], Task<int>>>(StringComparer.Ordinal)
{
    [BackendRole.Name] = BackendRole.RunAsync,
    [FrontendRole.Name] = FrontendRole.RunAsync,
});

var options = new SoakOptions(TimeSpan.FromMinutes(30), Environment.TickCount & 0xFFFF, "-");
for (int i = 0; i + 1 < args.Length; i += 2)
{
    double number = double.TryParse(args[i + 1], CultureInfo.InvariantCulture, out double parsed) ? parsed : 0;
    options = args[i] switch
    {
        "--minutes" => options with { Time = TimeSpan.FromMinutes(number) },
        "--seconds" => options with { Time = TimeSpan.FromSeconds(number) },
        "--seed" => options with { Seed = (int)number },
        "--plant" => options with { Fault = args[i + 1] },
        _ => options with { Fault = "" },
    };
}

if (args.Length % 2 != 0 || options.Time <= TimeSpan.Zero
    || options.Fault is not ("-" or PlantedStore.LostWrite or PlantedStore.DoubledWrite))
{
    Console.Error.WriteLine(
        $"soak [--minutes N | --seconds N] [--seed S] [--plant {PlantedStore.LostWrite}|{PlantedStore.DoubledWrite}]");
    return 2;
}

Console.WriteLine($"seed {options.Seed}, {options.Time}");
await using var run = new SoakRun(options);
try
{
    Console.WriteLine(await run.RunAsync());
    return 0;
}
catch (Exception exception)
{
    Console.WriteLine($"FAILED with seed {options.Seed}: {exception}");
    Console.WriteLine(run.History);
    return 1;
}
