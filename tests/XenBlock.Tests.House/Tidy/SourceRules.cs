using System.Text.RegularExpressions;

namespace XenBlock.Tests.House.Tidy;

/// <summary>One public type a file in src, so that a type is found by its name.</summary>
internal sealed partial class OnePublicTypeRule : TidyRule
{
    public override IReadOnlyList<SourceFile> Broken =>
        [new("src/A.cs", "public class A;\npublic readonly record struct B(int C);\n")];

    public override IReadOnlyList<SourceFile> Kept =>
        [new("src/A.cs", "public class A\n{\n    public struct Inner;\n}\ninternal enum B;\n")];

    public override bool AppliesTo(SourceFile file) => file.Is(".cs") && file.IsUnder("src/");

    public override IEnumerable<Violation> Check(SourceFile file)
    {
        int types = file.Lines.Count(line => PublicType().IsMatch(line));
        if (types > 1) yield return new Violation(file.Path, 0, $"{types} public types: give each a file");
    }

    [GeneratedRegex(@"^public (?:[a-z]+ )*(?:class|struct|record|interface|enum|delegate) ")]
    private static partial Regex PublicType();
}

/// <summary>Native calls are declared in one room, generated at compile time.</summary>
internal sealed partial class NativeCallRule : TidyRule
{
    private const string Room = "src/XenBlock.Native/";

    public override IReadOnlyList<SourceFile> Broken =>
    [
        new("src/XenBlock.Emulator/A.cs", "[LibraryImport(\"libc\")]\n"),
        new(Room + "A.cs", "[DllImport(\"libc\")]\n"),
        new("src/XenBlock.Backend/B.cs", "NativeLibrary.Load(\"libc\");\n"),
    ];

    public override IReadOnlyList<SourceFile> Kept => [new(Room + "A.cs", "[LibraryImport(\"libc\")]\n")];

    public override bool AppliesTo(SourceFile file) => file.Is(".cs") && file.IsUnder("src/");

    public override IEnumerable<Violation> Check(SourceFile file) => Lines(
        file,
        line => Old().IsMatch(line) || (!file.IsUnder(Room) && Call().IsMatch(line)),
        "a native call: only XenBlock.Native has them, by LibraryImport");

    [GeneratedRegex(@"\[DllImport\b|\bDllImportAttribute\b")]
    private static partial Regex Old();

    [GeneratedRegex(@"\[(?:\w+: *)?LibraryImport\b|\bNativeLibrary\.")]
    private static partial Regex Call();
}

/// <summary>
/// Barriers by name belong to SharedPages. Counters and flags of a shell may use them on managed fields; the rooms of
/// pure logic, and every pump, may not.
/// </summary>
internal sealed partial class BarrierRule : TidyRule
{
    private static readonly string[] PureRooms = ["src/XenBlock.Protocol/", "src/XenBlock.Hypervisor/"];

    public override IReadOnlyList<SourceFile> Broken =>
    [
        new("src/XenBlock.Protocol/A.cs", "Volatile.Read(ref a);\n"),
        new("src/XenBlock.Backend/BackendPump.cs", "Interlocked.Increment(ref a);\n"),
        new("src/XenBlock.Frontend/A.cs", "Thread.MemoryBarrier();\n"),
    ];

    public override IReadOnlyList<SourceFile> Kept =>
    [
        new("src/XenBlock.SharedMemory/SharedPages.cs", "Interlocked.MemoryBarrier();\n"),
        new("src/XenBlock.Backend/ServedDisk.cs", "Interlocked.Increment(ref _served);\n"),
    ];

    public override bool AppliesTo(SourceFile file) =>
        file.Is(".cs") && file.IsUnder("src/") && !file.IsUnder("src/XenBlock.SharedMemory/");

    public override IEnumerable<Violation> Check(SourceFile file)
    {
        bool pure = file.IsUnder(PureRooms) || Path.GetFileName(file.Path).Contains("Pump", StringComparison.Ordinal);
        return Lines(
            file,
            line => Fence().IsMatch(line) || (pure && Atomic().IsMatch(line)),
            "a barrier outside SharedPages, or an atomic operation in pure logic");
    }

    [GeneratedRegex(@"\bMemoryBarrier(?:ProcessWide)?\(|\bVolatile\.(?:Read|Write)Barrier\(")]
    private static partial Regex Fence();

    [GeneratedRegex(@"\b(?:Volatile|Interlocked)\.[A-Z]")]
    private static partial Regex Atomic();
}

/// <summary>A pump is synchronous and single-threaded: no thread, await, lock, clock or chance in its files.</summary>
internal sealed partial class PumpRule : TidyRule
{
    public override IReadOnlyList<SourceFile> Broken =>
    [
        new("src/XenBlock.Backend/BackendPump.cs", "    await store.FlushAsync();\n"),
        new("src/XenBlock.Frontend/FrontendPump.cs", "    lock (_gate)\n"),
        new("src/XenBlock.Frontend/FrontendPump.Reap.cs", "    long now = Stopwatch.GetTimestamp();\n"),
    ];

    public override IReadOnlyList<SourceFile> Kept =>
    [
        new("src/XenBlock.Backend/BackendPump.cs", "/// <summary>No lock (one thread only), no await.</summary>\n"),
        new("src/XenBlock.Backend/ServedDisk.cs", "    lock (_gate)\n"),
    ];

    public override bool AppliesTo(SourceFile file) => file.Is(".cs") && file.IsUnder("src/")
        && Path.GetFileNameWithoutExtension(file.Path).Split('.')[0].EndsWith("Pump", StringComparison.Ordinal);

    public override IEnumerable<Violation> Check(SourceFile file) => Lines(
        file,
        line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && Impure().IsMatch(line),
        "a pump has no thread, await, lock, clock or chance: that is the shell's");

    [GeneratedRegex(@"\b(?:await|async|Stopwatch|TimeProvider|Random)\b|\block \(|\b(?:Thread|Task|Environment)[.<]")]
    private static partial Regex Impure();
}
