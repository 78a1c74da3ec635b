using XenBlock.Fuzz;
using Xunit;

namespace XenBlock.Tests.Fuzz;

/// <summary>
/// What the fuzzer found worth keeping (./x fuzz), through its target once more: an input for each path through the
/// code, so that a change that breaks a rule on one of them is seen by the ordinary tests.
/// </summary>
public sealed class CorpusTests
{
    public static TheoryData<string> Targets => [.. FuzzTargets.Names];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Every_input_of_the_corpus_keeps_the_rules(string name)
    {
        FuzzTarget target = FuzzTargets.Create(name);
        string[] files = Directory.GetFiles(Folder(name), "*.bin");
        Assert.True(files.Length >= 20, $"the corpus of {name} has {files.Length} inputs");
        foreach (string file in files) AssertKept(target, File.ReadAllBytes(file), file);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Every_seed_keeps_the_rules_with_and_without_the_planted_fault(string name)
    {
        foreach (bool isPlanted in (bool[])[false, true])
        {
            FuzzTarget target = FuzzTargets.Create(name, isPlanted);
            foreach (byte[] seed in target.Seeds()) AssertKept(target, seed, $"a seed of {name}");
        }
    }

    // The control: an input that the fuzzer made out of the seeds, on the target with the fault and on the one without.
    [Theory]
    [MemberData(nameof(Targets))]
    public void What_the_fuzzer_found_shows_the_planted_fault_and_nothing_else(string name)
    {
        byte[] found = File.ReadAllBytes(Path.Combine(Folder("planted"), $"{name}.bin"));
        Assert.Throws<FindingException>(() => FuzzTargets.Create(name, isPlanted: true).Run(found));
        AssertKept(FuzzTargets.Create(name), found, $"planted/{name}.bin");
    }

    private static void AssertKept(FuzzTarget target, byte[] input, string what)
    {
        Exception? finding = Record.Exception(() => target.Run(input));
        Assert.True(finding is null, $"{what}: {finding}");
    }

    private static string Folder(string name) => Path.Combine(AppContext.BaseDirectory, "corpora", name);
}
