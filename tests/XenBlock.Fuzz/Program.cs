using SharpFuzz;
using XenBlock.Fuzz;

// What ./x fuzz starts: `run TARGET` under afl-fuzz, `planted TARGET` likewise with the fault, `seeds TARGET FOLDER` to
// write what to start from, `replay TARGET FILE...` to see what a finding is about.
switch (args)
{
    case ["names"]:
        Console.WriteLine(string.Join('\n', FuzzTargets.Names));
        return 0;
    case ["run" or "planted", string name]:
        // Inside, since instrumented code may only run there. The seeds first: what happens once is no input's path.
        FuzzTarget? target = null;
        Fuzzer.OutOfProcess.Run(stream =>
        {
            if (target is null)
            {
                target = FuzzTargets.Create(name, isPlanted: args[0] == "planted");
                foreach (byte[] seed in target.Seeds()) target.Run(seed);
            }

            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            target.Run(bytes.ToArray());
        });
        return 0;
    case ["seeds", string name, string folder]:
        Directory.CreateDirectory(folder);
        int number = 0;
        foreach (byte[] seed in FuzzTargets.Create(name).Seeds())
            File.WriteAllBytes(Path.Combine(folder, $"seed-{number++:D3}.bin"), seed);
        return 0;
    case ["replay", string name, .. string[] files]:
        foreach (string file in files)
        {
            Console.WriteLine(file);
            FuzzTargets.Create(name).Run(File.ReadAllBytes(file));
        }

        return 0;
    default:
        Console.Error.WriteLine("run TARGET | planted TARGET | seeds TARGET FOLDER | replay TARGET FILE... | names");
        return 2;
}
